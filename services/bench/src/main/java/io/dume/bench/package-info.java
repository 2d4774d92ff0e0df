/**
 * What {@code dume bench} measures: every part of the system against the floor under it, in the
 * same run.
 *
 * <p>A {@link io.dume.bench.Measurement} takes turns between the system's own work and its floor
 * (the same matrix product, consuming the same records, the bare LAPACK calls) with {@link
 * io.dume.bench.Rounds}, so that whatever else the machine does falls on both, and gives {@link
 * io.dume.bench.Figure}s. Nothing here decides whether a build passes: a ratio is a fact about a
 * machine at a time, and belongs into a report.
 */
package io.dume.bench;
