package io.dume.solver;

/**
 * How far a solution is from solving its equations: ||R||_F / ||b||_F with R = (A + λI) W - b,
 * estimated by ||R s|| / ||b||_F, where s holds +1 and -1 in turns. A product with A costs the more
 * of a small layer's time the more columns it has, and this needs it of one vector, W s, in place
 * of all columns. Every value of A, W and b takes part. With one expert it is exact; the columns'
 * errors add up as those of independent roundings do, so that R s is as long as R is in the mean.
 */
final class Residual {
  private Residual() {}

  /**
   * The columns' sum, every other one taken away.
   *
   * @param columns n x experts, row-major
   * @return n values
   */
  static double[] signed(double[] columns, int n, int experts) {
    double[] sums = new double[n];
    for (int i = 0; i < n; i++) {
      double sum = 0;
      for (int j = 0; j < experts; j++) {
        double value = columns[i * experts + j];
        sum += j % 2 == 0 ? value : -value;
      }
      sums[i] = sum;
    }
    return sums;
  }

  /**
   * The estimate.
   *
   * @param b n x experts, row-major
   * @param w W s, as {@link #signed} gives it
   * @param product A W s
   * @return at least 0; not a number where W has one
   */
  static double of(double[] b, int experts, double lambda, double[] w, double[] product) {
    double[] wanted = signed(b, w.length, experts);
    double difference = 0;
    for (int i = 0; i < w.length; i++) {
      double missed = lambda * w[i] + product[i] - wanted[i];
      difference += missed * missed;
    }
    double target = 0;
    for (double value : b) {
      target += value * value;
    }
    return target == 0 ? Math.sqrt(difference) : Math.sqrt(difference) / Math.sqrt(target);
  }
}
