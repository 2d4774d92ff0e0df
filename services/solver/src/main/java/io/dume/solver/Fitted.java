package io.dume.solver;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How well columns W fit the statistics of a layer, those that they were solved from or others.
 * Everything follows from A, b, W and the product A W, which is computed once; no token is looked
 * at again. Sums run in one fixed order.
 */
final class Fitted {
  private final RightHandSides sides;
  private final double[] w;
  private final double[] product;

  /**
   * @param statistics A and b, left as they are
   * @param w n x experts, row-major, left as it is: before columns are normalised
   */
  Fitted(LayerStatistics statistics, double[] w) {
    this(RightHandSides.of(statistics), w, product(statistics, w));
  }

  /**
   * Columns that solve (A + λI) W = b fit their own statistics so: A W is b - λW, but for the
   * {@link Residual}, and no product with A is needed.
   *
   * @param sides b, left as it is
   * @param w the solution
   */
  static Fitted ofSolution(RightHandSides sides, double[] w, double lambda) {
    double[] product = new double[w.length];
    for (int i = 0; i < w.length; i++) {
      product[i] = sides.b()[i] - lambda * w[i];
    }
    return new Fitted(sides, w, product);
  }

  private Fitted(RightHandSides sides, double[] w, double[] product) {
    this.sides = sides;
    this.w = w;
    this.product = product;
  }

  private static double[] product(LayerStatistics statistics, double[] w) {
    double[] product = new double[w.length];
    multiply(statistics.a(), statistics.size(), w, statistics.experts(), product);
    return product;
  }

  /**
   * A W in plain Java.
   *
   * @param a n x n, row-major, symmetric; only its upper triangle is looked at
   */
  static void multiply(double[] a, int n, double[] w, int columns, double[] product) {
    Arrays.fill(product, 0);
    double[] row = new double[columns];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < columns; j++) {
        row[j] = a[i * n + i] * w[i * columns + j];
      }
      for (int k = i + 1; k < n; k++) {
        double entry = a[i * n + k];
        for (int j = 0; j < columns; j++) {
          row[j] += entry * w[k * columns + j];
          product[k * columns + j] += entry * w[i * columns + j];
        }
      }
      for (int j = 0; j < columns; j++) {
        product[i * columns + j] += row[j];
      }
    }
  }

  /**
   * For each column j the sum over tokens of (y_j - w_jᵀ [x; 1])², that is n_j - 2 w_jᵀ b_j + w_jᵀ
   * A w_j, where n_j is the number of tokens that belong to j.
   */
  double[] squaredErrors() {
    int experts = sides.experts();
    double[] errors = new double[experts];
    for (int i = 0; i < sides.size(); i++) {
      for (int j = 0; j < experts; j++) {
        int at = i * experts + j;
        errors[j] += w[at] * (product[at] - 2 * sides.b()[at]);
      }
    }
    for (int j = 0; j < experts; j++) {
      errors[j] += sides.tokens(j);
    }
    return errors;
  }

  /**
   * The mean over tokens of ||y - Wᵀ [x; 1]||²: (tr(Wᵀ A W) - 2 tr(Wᵀ b) + tokens) / tokens.
   *
   * @return the error; not a number where there is no token
   */
  double meanSquaredError() {
    double sum = 0;
    for (double error : squaredErrors()) {
      sum += error;
    }
    return sum / allTokens();
  }

  /**
   * For each column R² = 1 - RSS / TSS, the share of the variance of "belongs to this expert" that
   * the column explains, with TSS = n_j (1 - n_j / n). 1 is the best; below 0 it does worse than
   * the constant n_j / n, as a penalty that is too large makes it (it shrinks the intercept too).
   * Without an intercept there is no such constant, and less can be explained. Nothing is clamped.
   * 0 where all tokens, or none, belong to the expert: nothing is to be told apart.
   */
  List<Double> separability() {
    double all = allTokens();
    double[] errors = squaredErrors();
    List<Double> shares = new ArrayList<>();
    for (int j = 0; j < errors.length; j++) {
      double total = sides.tokens(j) * (1 - sides.tokens(j) / all);
      shares.add(total == 0 ? 0 : 1 - errors[j] / total);
    }
    return List.copyOf(shares);
  }

  /** Each token belongs to one column. */
  private double allTokens() {
    double all = 0;
    for (int j = 0; j < sides.experts(); j++) {
      all += sides.tokens(j);
    }
    return all;
  }
}
