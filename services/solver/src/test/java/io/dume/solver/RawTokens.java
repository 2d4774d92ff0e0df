package io.dume.solver;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Made-up tokens, one by one, so that sums can be checked against what they are sums of. */
final class RawTokens {
  private final int width;
  private final int experts;
  private final List<double[]> features = new ArrayList<>();
  private final List<Integer> labels = new ArrayList<>();

  /**
   * @param centres decides where each expert's tokens lie
   * @param seed decides everything else
   * @param tokens tokens of each expert
   */
  RawTokens(long centres, long seed, int width, int... tokens) {
    this.width = width;
    this.experts = tokens.length;
    Random places = new Random(centres);
    Random random = new Random(seed);
    for (int expert = 0; expert < experts; expert++) {
      double[] centre = places.doubles(width, -1, 1).toArray();
      for (int token = 0; token < tokens[expert]; token++) {
        double[] x = new double[width + 1];
        for (int i = 0; i < width; i++) {
          x[i] = centre[i] + random.nextGaussian();
        }
        x[width] = 1;
        features.add(x);
        labels.add(expert);
      }
    }
  }

  LayerStatistics statistics(int layer) {
    int n = width + 1;
    double[] a = new double[n * n];
    double[] b = new double[n * experts];
    for (int token = 0; token < features.size(); token++) {
      double[] x = features.get(token);
      for (int i = 0; i < n; i++) {
        b[i * experts + labels.get(token)] += x[i];
        for (int j = 0; j < n; j++) {
          a[i * n + j] += x[i] * x[j];
        }
      }
    }
    return new LayerStatistics(layer, n, experts, a, b);
  }

  /** For each expert the sum over tokens of (y - wᵀ [x; 1])², token by token. */
  double[] squaredErrors(double[] w) {
    double[] errors = new double[experts];
    for (int token = 0; token < features.size(); token++) {
      for (int expert = 0; expert < experts; expert++) {
        double missed = labels.get(token) == expert ? 1 : 0;
        for (int i = 0; i <= width; i++) {
          missed -= w[i * experts + expert] * features.get(token)[i];
        }
        errors[expert] += missed * missed;
      }
    }
    return errors;
  }

  /** R² of each expert's column, from predictions and the mean of the indicator. */
  double[] shares(double[] w) {
    double[] shares = squaredErrors(w);
    for (int expert = 0; expert < experts; expert++) {
      int column = expert;
      double mean = labels.stream().mapToDouble(l -> l == column ? 1 : 0).average().orElseThrow();
      double total =
          labels.stream().mapToDouble(l -> Math.pow((l == column ? 1 : 0) - mean, 2)).sum();
      shares[expert] = 1 - shares[expert] / total;
    }
    return shares;
  }

  int count() {
    return features.size();
  }
}
