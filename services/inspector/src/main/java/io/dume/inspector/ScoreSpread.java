package io.dume.inspector;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.MatrixFeatures_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.EigenDecomposition_F64;

/**
 * How the raw ridge scores of a layer's training tokens are spread: a mean for each expert's
 * tokens, and one covariance within experts, pooled over them. Immutable.
 */
final class ScoreSpread {

  /** Directions of less variance than this share of the largest are rounding. */
  private static final double NOTHING = 1e-10;

  private final int experts;
  private final double[][] means;

  /** For each direction of the covariance its standard deviation and its unit vector. */
  private final double[] deviations;

  private final double[][] directions;

  private ScoreSpread(double[][] means, double[] deviations, double[][] directions) {
    this.experts = means.length;
    this.means = means;
    this.deviations = deviations;
    this.directions = directions;
  }

  /**
   * From what a version carries.
   *
   * @param tokens of each expert
   * @param sums experts × experts, row-major: at (i, j) the sum of score i over the tokens of j
   * @param products experts × experts, row-major: at (i, j) the sum of score i times score j over
   *     all tokens
   * @throws IllegalArgumentException if the lengths do not fit or an expert has no token
   */
  static ScoreSpread of(double[] tokens, double[] sums, double[] products) {
    int n = tokens.length;
    if (sums.length != n * n || products.length != n * n) {
      throw new IllegalArgumentException(
          "%d sums and %d products of scores: %d experts need %d of each"
              .formatted(sums.length, products.length, n, n * n));
    }
    double all = Arrays.stream(tokens).sum();
    double[][] means = new double[n][n];
    DMatrixRMaj within = new DMatrixRMaj(n, n, true, products.clone());
    for (int e = 0; e < n; e++) {
      if (!(tokens[e] > 0)) {
        throw new IllegalArgumentException("expert %d has no tokens".formatted(e));
      }
      for (int i = 0; i < n; i++) {
        means[e][i] = sums[i * n + e] / tokens[e];
      }
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          within.add(i, j, -tokens[e] * means[e][i] * means[e][j]);
        }
      }
    }
    CommonOps_DDRM.scale(1 / all, within);
    if (MatrixFeatures_DDRM.hasUncountable(within)) {
      throw new IllegalArgumentException("the covariance of the scores is not finite");
    }
    // A decomposition wants exact symmetry, which sums of rounded numbers lack.
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < i; j++) {
        double mean = (within.get(i, j) + within.get(j, i)) / 2;
        within.set(i, j, mean);
        within.set(j, i, mean);
      }
    }
    return decomposed(means, within);
  }

  private static ScoreSpread decomposed(double[][] means, DMatrixRMaj within) {
    int n = means.length;
    EigenDecomposition_F64<DMatrixRMaj> eigen = DecompositionFactory_DDRM.eig(n, true, true);
    if (!eigen.decompose(within)) {
      throw new IllegalArgumentException("the covariance of the scores can't be decomposed");
    }
    double largest = 0;
    for (int k = 0; k < n; k++) {
      largest = Math.max(largest, eigen.getEigenvalue(k).getReal());
    }
    double[] deviations = new double[n];
    double[][] directions = new double[n][n];
    for (int k = 0; k < n; k++) {
      double variance = eigen.getEigenvalue(k).getReal();
      deviations[k] = variance > NOTHING * largest ? Math.sqrt(variance) : 0;
      DMatrixRMaj vector = eigen.getEigenVector(k);
      for (int i = 0; i < n; i++) {
        directions[k][i] = vector.get(i);
      }
    }
    return new ScoreSpread(means, deviations, directions);
  }

  int experts() {
    return experts;
  }

  /** Returns the mean scores of an expert's tokens. */
  double[] mean(int expert) {
    return means[expert].clone();
  }

  /** Returns the Mahalanobis distance of two points of scores, in standard deviations. */
  double distance(double[] a, double[] b) {
    double squares = 0;
    for (int k = 0; k < experts; k++) {
      if (deviations[k] > 0) {
        double along = 0;
        for (int i = 0; i < experts; i++) {
          along += directions[k][i] * (a[i] - b[i]);
        }
        squares += along * along / (deviations[k] * deviations[k]);
      }
    }
    return Math.sqrt(squares);
  }

  /**
   * Returns for each expert how far its mean scores are from those of each other, in standard
   * deviations within an expert. 0 on the diagonal, symmetric.
   */
  double[][] distances() {
    double[][] distances = new double[experts][experts];
    for (int i = 0; i < experts; i++) {
      for (int j = 0; j < i; j++) {
        distances[i][j] = distance(means[i], means[j]);
        distances[j][i] = distances[i][j];
      }
    }
    return distances;
  }

  /**
   * Returns for each expert the shares of its tokens that the gate would give to each, if scores
   * were normally distributed: drawn, with the same draws for the same numbers.
   *
   * @param norms by which the gate divides the scores
   * @param draws for each expert
   */
  double[][] confusion(double[] norms, int draws) {
    double[][] shares = new double[experts][experts];
    SplittableRandom random = new SplittableRandom(experts);
    double[] score = new double[experts];
    for (int draw = 0; draw < draws; draw++) {
      double[] noise = new double[experts];
      for (int k = 0; k < experts; k++) {
        double step = deviations[k] * random.nextGaussian();
        for (int i = 0; i < experts; i++) {
          noise[i] += step * directions[k][i];
        }
      }
      for (int e = 0; e < experts; e++) {
        int best = 0;
        for (int i = 0; i < experts; i++) {
          score[i] = (means[e][i] + noise[i]) / norms[i];
          if (score[i] > score[best]) {
            best = i;
          }
        }
        shares[e][best] += 1.0 / draws;
      }
    }
    return shares;
  }
}
