package io.dume.solver;

import java.util.Optional;

/**
 * One layer of a cut as the fold sent it.
 *
 * @param place where A is that a router is solved from
 * @param training its b
 * @param heldOut the same sums of the held-out tokens, where they were asked for and the cut has
 *     some
 * @param <P> what takes A
 */
record FoldedLayer<P extends MatrixPlace>(
    P place, RightHandSides training, Optional<LayerStatistics> heldOut) {}
