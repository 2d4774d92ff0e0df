package io.dume.solver;

/**
 * The statistics of one layer in a cut, pooled over its domains. The arrays belong to whoever gets
 * the record.
 *
 * @param layer the layer, from 0
 * @param size n = d + 1
 * @param experts the number of columns of b
 * @param a n x n, row-major, symmetric; whole where {@link CutStatistics} gives it, and inside of
 *     the solver its upper triangle alone: the sum of [x; 1][x; 1]ᵀ
 * @param b n x experts, row-major: the sum of [x; 1] for each expert
 */
public record LayerStatistics(int layer, int size, int experts, double[] a, double[] b) {
  public LayerStatistics {
    if (size < 2 || experts < 1 || a.length != size * size || b.length != size * experts) {
      throw new IllegalArgumentException(
          "layer %d: %d values in A and %d in b do not make n = %d and %d experts"
              .formatted(layer, a.length, b.length, size, experts));
    }
  }
}
