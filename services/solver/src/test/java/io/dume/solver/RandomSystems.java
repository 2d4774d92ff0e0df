package io.dume.solver;

import java.util.Random;

/** Statistics of made-up tokens, from a seed. */
final class RandomSystems {
  private RandomSystems() {}

  /**
   * Statistics of random features: each expert's tokens lie around a centre of their own.
   *
   * @param seed decides everything
   * @param width d
   * @param tokens tokens of each expert
   */
  static LayerStatistics statistics(long seed, int width, int experts, int tokens) {
    Random random = new Random(seed);
    int n = width + 1;
    double[] a = new double[n * n];
    double[] b = new double[n * experts];
    double[] x = new double[n];
    for (int expert = 0; expert < experts; expert++) {
      double[] centre = random.doubles(width, -1, 1).toArray();
      for (int token = 0; token < tokens; token++) {
        for (int i = 0; i < width; i++) {
          x[i] = centre[i] + random.nextGaussian();
        }
        x[width] = 1;
        for (int i = 0; i < n; i++) {
          b[i * experts + expert] += x[i];
          for (int j = 0; j < n; j++) {
            a[i * n + j] += x[i] * x[j];
          }
        }
      }
    }
    return new LayerStatistics(0, n, experts, a, b);
  }

  /** A solver that has the A of a layer. */
  static LayerSolver solver(Factorisation factorisation, LayerStatistics statistics) {
    return solver(factorisation, statistics, true);
  }

  /** One that gives gates an intercept, or not. */
  static LayerSolver solver(
      Factorisation factorisation, LayerStatistics statistics, boolean intercept) {
    LayerSolver solver = new LayerSolver(factorisation, intercept);
    solver.put(statistics);
    return solver;
  }

  /** The largest difference between two arrays, relative to the largest entry of the first. */
  static double relativeDifference(double[] expected, double[] actual) {
    double difference = 0;
    double scale = 0;
    for (int i = 0; i < expected.length; i++) {
      difference = Math.max(difference, Math.abs(expected[i] - actual[i]));
      scale = Math.max(scale, Math.abs(expected[i]));
    }
    return difference / scale;
  }
}
