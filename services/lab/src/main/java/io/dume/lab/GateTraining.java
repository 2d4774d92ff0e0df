package io.dume.lab;

import io.dume.models.GateGradient;
import io.dume.models.MixtureModel;
import io.dume.models.RouterWeights;
import io.dume.models.RoutingPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Trains a router's gates by the mixture's loss on labelled text, and nothing else: the model is
 * asked for derivatives in the gates alone, so nothing else can change. The learning rate rises
 * linearly over the warm-up and then falls linearly to zero. One training at a time in a JVM.
 */
public final class GateTraining {

  /**
   * How gates are trained.
   *
   * @param steps of the optimiser
   * @param warmUp steps until the rate is the highest
   * @param rate the highest learning rate
   * @param balance weight α of the load-balancing loss; 0 for none
   * @param batch windows of a step
   * @param window tokens of a window that are predicted
   * @param k experts that a token goes through, in training and after it
   */
  public record Options(
      int steps, int warmUp, double rate, double balance, int batch, int window, int k) {

    /**
     * The paper's (arXiv 2603.29765) optimiser, rate and steps, on windows that keep the demo's
     * experts to a few minutes a router. Two experts a token: with one its share is 1 whatever it
     * scored, and only a substitute has a gradient.
     */
    public static final Options DEFAULT = new Options(1_000, 10, 1e-4, 0, 2, 128, 2);

    /** Checks each number. */
    public Options {
      requirePositive("steps", steps);
      requirePositive("batch", batch);
      requirePositive("window", window);
      requirePositive("k", k);
      if (warmUp < 0 || !(rate > 0) || !(balance >= 0) || !Double.isFinite(rate + balance)) {
        throw new IllegalArgumentException(
            "warm-up %d, rate %s, balance %s: at least 0, above 0, at least 0"
                .formatted(warmUp, rate, balance));
      }
    }

    private static void requirePositive(String name, int value) {
      if (value < 1) {
        throw new IllegalArgumentException(name + " = " + value + ": must be at least 1");
      }
    }

    /** Returns the learning rate of a step, counted from 1. */
    double rate(int step) {
      if (step <= warmUp) {
        return rate * step / warmUp;
      }
      return rate * (steps - step + 1) / Math.max(1, steps - warmUp);
    }

    RoutingPolicy policy() {
      return RoutingPolicy.PAPER.withChoice(k, 1);
    }
  }

  /** Hears of progress. */
  @FunctionalInterface
  interface Listener {
    void step(int step, double loss);
  }

  private final MixtureModel model;
  private final TrainingText text;
  private final Options options;
  private final Listener listener;

  GateTraining(MixtureModel model, TrainingText text, Options options, Listener listener) {
    this.model = model;
    this.text = text;
    this.options = options;
    this.listener = listener;
  }

  /**
   * Trains.
   *
   * @param start the gates to begin with, left as they are
   * @param experts names of their rows
   * @param seed of the order of the text
   */
  RouterWeights train(RouterWeights start, List<String> experts, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<float[]> weights = new ArrayList<>();
    List<float[]> biases = new ArrayList<>();
    List<AdamW> forWeights = new ArrayList<>();
    List<AdamW> forBiases = new ArrayList<>();
    for (int layer = 0; layer < start.layers(); layer++) {
      weights.add(start.weight(layer));
      biases.add(start.bias(layer));
      forWeights.add(new AdamW(weights.get(layer).length));
      forBiases.add(new AdamW(biases.get(layer).length));
    }
    for (int step = 1; step <= options.steps(); step++) {
      List<int[]> windows = text.windows(options.batch(), options.window() + 1, random);
      GateGradient gradient =
          model.gateGradient(
              windows, Gates.named(weights, biases, experts), options.policy(), options.balance());
      if (!Double.isFinite(gradient.loss())) {
        throw new ArithmeticException(
            "the loss is not finite in step " + step + ": choose a smaller learning rate");
      }
      double rate = options.rate(step);
      for (int layer = 0; layer < start.layers(); layer++) {
        forWeights.get(layer).step(weights.get(layer), gradient.weights().get(layer), rate);
        forBiases.get(layer).step(biases.get(layer), gradient.biases().get(layer), rate);
      }
      listener.step(step, gradient.loss());
    }
    return Gates.named(weights, biases, experts);
  }
}
