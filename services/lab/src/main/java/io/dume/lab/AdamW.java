package io.dume.lab;

/**
 * Adam with decoupled weight decay (arXiv 1711.05101) on one array of weights, with the constants
 * that common libraries begin with. Not thread-safe.
 */
final class AdamW {

  private static final double BETA_1 = 0.9;
  private static final double BETA_2 = 0.999;
  private static final double EPSILON = 1e-8;
  private static final double DECAY = 0.01;

  private final double[] mean;
  private final double[] variance;
  private int steps;

  AdamW(int weights) {
    mean = new double[weights];
    variance = new double[weights];
  }

  /**
   * One step.
   *
   * @param weights changed in place
   * @param gradient of the loss in them
   * @param rate the learning rate of this step
   */
  void step(float[] weights, float[] gradient, double rate) {
    steps++;
    double meanCorrection = 1 - Math.pow(BETA_1, steps);
    double varianceCorrection = 1 - Math.pow(BETA_2, steps);
    for (int i = 0; i < weights.length; i++) {
      double g = gradient[i];
      mean[i] = BETA_1 * mean[i] + (1 - BETA_1) * g;
      variance[i] = BETA_2 * variance[i] + (1 - BETA_2) * g * g;
      double move =
          mean[i] / meanCorrection / (Math.sqrt(variance[i] / varianceCorrection) + EPSILON);
      weights[i] = (float) (weights[i] - rate * (move + DECAY * weights[i]));
    }
  }
}
