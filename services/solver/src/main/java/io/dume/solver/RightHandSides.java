package io.dume.solver;

/**
 * b of one layer in a cut, pooled over its domains.
 *
 * @param layer the layer, from 0
 * @param size n = d + 1
 * @param experts the number of columns
 * @param b n x experts, row-major: the sum of [x; 1] for each expert
 */
record RightHandSides(int layer, int size, int experts, double[] b) {
  RightHandSides {
    if (size < 2 || experts < 1 || b.length != size * experts) {
      throw new IllegalArgumentException(
          "layer %d: %d values in b do not make n = %d and %d experts"
              .formatted(layer, b.length, size, experts));
    }
  }

  static RightHandSides of(LayerStatistics statistics) {
    return new RightHandSides(
        statistics.layer(), statistics.size(), statistics.experts(), statistics.b());
  }

  /** The tokens that belong to a column. */
  double tokens(int column) {
    return b[(size - 1) * experts + column];
  }
}
