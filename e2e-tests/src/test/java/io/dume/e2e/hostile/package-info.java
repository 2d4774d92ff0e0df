/**
 * A hostile producer: a seeded fuzzer writes to every topic of a running installation while good
 * records come in between.
 *
 * <p>What it writes, {@link io.dume.e2e.hostile.Fuzzer} says; what must become of each record,
 * {@link io.dume.e2e.hostile.Contract}. Left out is what nobody can guard against who lets
 * strangers write there:
 *
 * <ul>
 *   <li>messages that name the running fit by its id and are right in all else: an order out of
 *       turn or a failure in partial-statistics, a manifest that leaves a gap or names tiles that
 *       are not there in flush-manifests, sums of the cut that is being solved in layer-statistics.
 *       They stop the fit or make the cut be refused, which is what they are for;
 *   <li>a record's id under the running fit in counted-ids: its record would not count, or, with a
 *       tombstone, would count twice;
 *   <li>in control the next list of experts, the failure, removal or promotion of the running fit
 *       and requests that can be met; in cuts a higher number of the running fit; in
 *       router-versions a version of the router: each of them counts;
 *   <li>valid token batches that are not held out: they are good records;
 *   <li>the changelogs of the accumulator's stores, which it alone may write. They are its memory
 *       and are restored as they are, as a disk would be.
 * </ul>
 */
package io.dume.e2e.hostile;
