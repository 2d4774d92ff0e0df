package io.dume.solver;

import java.util.Arrays;
import java.util.List;

/**
 * How the raw scores z = Wᵀ [x; 1] of a layer's tokens are spread, from A and b alone; what a
 * version carries so that whoever reads it can tell how far apart experts are. Arrays are experts x
 * experts, row-major, and empty with more than {@link #MOST_EXPERTS}.
 *
 * @param norms by which columns of W were divided, one for each expert
 * @param sums Wᵀ b: at (i, j) the sum of score i over the tokens of expert j
 * @param products Wᵀ A W: at (i, j) the sum of score i times score j over all tokens
 * @param earlier Wᵀ b with the W of an earlier version; empty where there is none
 */
record ScoreSums(
    List<Double> norms, List<Double> sums, List<Double> products, List<Double> earlier) {

  /** With more experts the squares of their number would outweigh the gates in a version. */
  static final int MOST_EXPERTS = 64;

  ScoreSums {
    norms = List.copyOf(norms);
    sums = List.copyOf(sums);
    products = List.copyOf(products);
    earlier = List.copyOf(earlier);
  }

  /**
   * Of a solution. Wᵀ A W is Wᵀ b - λ Wᵀ W, but for the {@link Residual}, and needs no product with
   * A.
   *
   * @param w W, n x experts, row-major: before the columns were normalised
   */
  static ScoreSums of(RightHandSides sides, double[] w, double lambda, double[] norms) {
    int experts = sides.experts();
    List<Double> boxedNorms = boxed(norms);
    if (experts > MOST_EXPERTS) {
      return new ScoreSums(boxedNorms, List.of(), List.of(), List.of());
    }
    double[] sums = product(w, sides.b(), sides.size(), experts);
    double[] squares = product(w, w, sides.size(), experts);
    double[] products = new double[sums.length];
    for (int i = 0; i < products.length; i++) {
      products[i] = sums[i] - lambda * squares[i];
    }
    return new ScoreSums(boxedNorms, boxed(sums), boxed(products), List.of());
  }

  /**
   * With the scores that an earlier version's gate gives to the same tokens; as it is where they
   * are beyond all numbers, as by the norms of a version that nobody solved.
   */
  ScoreSums comparedWith(LayerGate gate, RightHandSides sides) {
    int experts = sides.experts();
    if (sums.isEmpty() || gate.bias().length != experts) {
      return this;
    }
    int width = sides.size() - 1;
    double[] w = new double[sides.size() * experts];
    for (int e = 0; e < experts; e++) {
      double norm = gate.scores().norms().get(e);
      for (int i = 0; i < width; i++) {
        w[i * experts + e] = norm * gate.weight()[e * width + i];
      }
      w[width * experts + e] = norm * gate.bias()[e];
    }
    double[] compared = product(w, sides.b(), sides.size(), experts);
    return Arrays.stream(compared).allMatch(Double::isFinite)
        ? new ScoreSums(norms, sums, products, boxed(compared))
        : this;
  }

  /** Returns Xᵀ Y of two n x experts matrices. */
  private static double[] product(double[] x, double[] y, int n, int experts) {
    double[] product = new double[experts * experts];
    for (int k = 0; k < n; k++) {
      for (int i = 0; i < experts; i++) {
        double factor = x[k * experts + i];
        for (int j = 0; j < experts; j++) {
          product[i * experts + j] += factor * y[k * experts + j];
        }
      }
    }
    return product;
  }

  private static List<Double> boxed(double[] values) {
    return Arrays.stream(values).boxed().toList();
  }
}
