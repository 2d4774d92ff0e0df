package io.dume.solver;

import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Arrays for A that are used again: the heap need not find, and clear, (d + 1)² doubles for each
 * layer. Thread-safe.
 */
final class Matrices {
  private final Queue<double[]> idle = new ConcurrentLinkedQueue<>();

  /**
   * An array for a matrix.
   *
   * @param n its size
   * @return n x n values of anything
   */
  double[] take(int n) {
    for (double[] found = idle.poll(); found != null; found = idle.poll()) {
      if (found.length == n * n) {
        return found;
      }
      // Of a fit of another width: it is left to the garbage collector.
    }
    return new double[n * n];
  }

  /**
   * Takes the arrays of a layer back.
   *
   * @param layer nobody may look at it any more
   */
  void giveBack(FoldedLayer layer) {
    idle.add(layer.training().a());
    Optional<LayerStatistics> heldOut = layer.heldOut();
    heldOut.ifPresent(sums -> idle.add(sums.a()));
  }
}
