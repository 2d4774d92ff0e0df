package io.dume.solver;

import java.util.Optional;

/**
 * One layer of a cut as the fold sent it.
 *
 * @param training what a router is solved from
 * @param heldOut the same sums of the held-out tokens, where they were asked for and the cut has
 *     some
 */
record FoldedLayer(LayerStatistics training, Optional<LayerStatistics> heldOut) {}
