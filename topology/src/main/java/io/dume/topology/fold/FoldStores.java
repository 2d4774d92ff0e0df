package io.dume.topology.fold;

/**
 * The shelves of one partition.
 *
 * @param staging tiles whose flush has not been applied
 * @param gram sums of A by fit, layer, slot, row and column
 * @param target sums of b by fit, layer and slot
 * @param meta how far each fit has come, and which flushes are open
 */
public record FoldStores(Shelf staging, Shelf gram, Shelf target, Shelf meta) {}
