/**
 * How messages look as bytes: Avro single-object encoding for values ({@link
 * io.dume.schemas.wire.Wire}), fixed binary layouts for keys ({@link
 * io.dume.schemas.wire.StatisticsKey}), and 16-byte ids ({@link io.dume.schemas.wire.Ids}).
 *
 * <p>Whoever reads a topic must expect anything on it. Decoding therefore never trusts a size that
 * a message claims: it is checked against the bytes that are there before anything is allocated.
 */
package io.dume.schemas.wire;
