/**
 * How messages look as bytes: Avro single-object encoding for values ({@link
 * io.dume.schemas.wire.Wire}) and for what state stores keep ({@link
 * io.dume.schemas.wire.StateRecords}), fixed binary layouts for keys ({@link
 * io.dume.schemas.wire.StatisticsKey}), and 16-byte ids ({@link io.dume.schemas.wire.Ids}).
 *
 * <p>Token batches, router versions and dead letters are what others write and read too; they go
 * through a {@link io.dume.schemas.wire.MessageFormat}, which is {@code Wire} unless an
 * installation has its schemas in a registry. Readers of either format read the default one, so a
 * switch begins with whoever reads, and old records stay readable. What a registry says is checked
 * like what a topic holds ({@link io.dume.schemas.wire.ForeignSchema}).
 *
 * <p>Whoever reads a topic must expect anything on it. Decoding therefore never trusts a size that
 * a message claims: it is checked against the bytes that are there before anything is allocated.
 *
 * <h2>Change of schemas</h2>
 *
 * <p>Topics keep their records and stores outlive a service, so every message is read in every
 * schema that it has ever had. Those schemas are archived in the resources, {@code
 * history/<version>/<message>.avsc}, an entry where the message changed. A message is written in
 * today's schema alone; one in an archived schema is read as today's, by Avro's rules: a field that
 * its writer did not know has its default, one that is no more is passed over, within the same
 * bounds. A schema is recognised by its fingerprint, and what has an unknown one is refused.
 *
 * <p>To change a message: edit the {@code .avdl}, give each new field a default, then run {@code
 * mvn -pl schemas test -Dtest=ArchiveSchemas} and commit the new entry with its sample of bytes.
 * The build fails as long as a message of today is not the last in the archive, and if today's
 * cannot read an archived one, be it for a type, a missing default, a renamed record or another
 * unit of time. Only this direction is required (Avro calls it backward, here over all versions).
 * Whether an old schema could read today's records is printed where it could not, and not required:
 * an old service does not know the new fingerprint, so it refuses the record whatever is in it.
 *
 * <h2>Upgrade of an installation</h2>
 *
 * <p>Hence the one rule: who reads a topic is upgraded before who writes to it sends the first
 * message with a changed schema. Where all messages are unchanged, services may be replaced one by
 * one in any order. Otherwise:
 *
 * <ol>
 *   <li>Readers at the end first: subscribers and evaluators, they write nothing that others read.
 *   <li>Stop all accumulators, solvers and feature extractors. Nothing is lost: offsets, sums and
 *       progress are in the cluster, and what they wrote is read after. The accumulators among
 *       themselves and all services through the control log read each other, so old and new ones do
 *       not mix: an old sequencer would put a manifest into dead-letters and then stop its fit at
 *       the gap, an old worker would pass over a control record that the others heed.
 *   <li>Start the new ones, then use the new feeds and the new command line. A feed of the old
 *       version may go on for as long as it likes.
 * </ol>
 *
 * <p>There is no way back once a new service has written: an old one does not read its state.
 */
package io.dume.schemas.wire;
