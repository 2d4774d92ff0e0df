/**
 * The sums, free of Kafka: {@link io.dume.topology.fold.Fold} takes the records of one partition of
 * partial-statistics in order, keeps everything in the shelves that it is given, and says what must
 * be written. It has no state of its own, so a restart is a new object on the same shelves.
 *
 * <p>Tiles are staged under their key, which holds their digest, until the order to apply their
 * flush comes. Everything that the manifest promised is then checked before anything is added: a
 * flush counts whole or stops the fit. A cut reads the sums between two records, so it can't see
 * part of a flush.
 *
 * <p>Sums are kept apart by slot, so taking a slot away is deleting its sums: what is left was
 * never touched by them. Tiles of a slot that is taken away while they are staged leave with their
 * flush, whose order names the slot. A fit that is forgotten loses its sums at once, and tiles that
 * are staged for it when their manifest is refused; its id stays known, so that no order about it
 * is taken for the first of a new fit.
 */
package io.dume.topology.fold;
