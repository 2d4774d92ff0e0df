package io.dume.demo;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.function.Predicate;

/**
 * Trains one model on one stream of text: AdamW, a learning rate that rises linearly for the first
 * steps and then falls along half a cosine to a twentieth. The windows come in an order drawn from
 * the seed alone, so the same text, options and machine give the same weights.
 */
final class TrainingLoop {

  private static final int MOST_WARM_UP_STEPS = 100;
  private static final double LAST_RATE = 0.05;
  private static final int REPORTS_A_VALIDATION = 8;
  private static final int STEPS_A_REPORT = 50;
  private static final int WATCHED_WINDOWS = 64;

  /**
   * What a loop learns.
   *
   * @param name for reports
   * @param train text to learn from
   * @param validation text to watch the loss on
   * @param passes over {@code train}
   * @param peakRate the highest learning rate
   * @param tuned which weights change
   */
  record Stage(
      String name,
      TokenStream train,
      TokenStream validation,
      double passes,
      double peakRate,
      Predicate<String> tuned) {}

  /** Hears of progress. */
  interface Listener {
    void report(String stage, int step, int steps, double loss, OptionalDouble validation);
  }

  private final NDManager manager;
  private final TrainableLlama model;
  private final int context;
  private final int batch;
  private final Random random;
  private final Listener listener;

  TrainingLoop(
      NDManager manager,
      TrainableLlama model,
      int context,
      int batch,
      long seed,
      Listener listener) {
    this.manager = manager;
    this.model = model;
    this.context = context;
    this.batch = batch;
    this.random = new Random(seed);
    this.listener = listener;
  }

  /** Steps that a stage takes, at least one. */
  static int steps(Stage stage, int context, int batch) {
    return (int) Math.max(1, stage.passes() * (stage.train().tokens() - 1) / context / batch);
  }

  /**
   * Trains.
   *
   * @throws ArithmeticException if the loss or the gradient stops being finite
   */
  void run(Stage stage) {
    int steps = steps(stage, context, batch);
    AdamW optimizer = new AdamW(manager, model.tune(stage.tuned()));
    Iterator<List<int[]>> batches = new Batches(stage.train());
    double losses = 0;
    int since = 0;
    for (int step = 1; step <= steps; step++) {
      losses += learn(batches.next(), optimizer, (float) rate(step, steps, stage.peakRate()));
      since++;
      if (since == STEPS_A_REPORT || step == steps) {
        boolean watch = step == steps || step % (STEPS_A_REPORT * REPORTS_A_VALIDATION) == 0;
        OptionalDouble watched =
            watch ? OptionalDouble.of(loss(stage.validation())) : OptionalDouble.empty();
        listener.report(stage.name(), step, steps, losses / since, watched);
        losses = 0;
        since = 0;
      }
    }
  }

  /** Mean loss on the first windows of a text, in nats a token. */
  double loss(TokenStream text) {
    List<int[]> windows = text.windows(context, new Random(0));
    double sum = 0;
    int count = Math.min(WATCHED_WINDOWS, windows.size());
    for (int[] window : windows.subList(0, count)) {
      try (NDManager scratch = manager.newSubManager()) {
        sum += model.loss(ids(scratch, List.of(window))).getFloat();
      }
    }
    return sum / count;
  }

  private double learn(List<int[]> windows, AdamW optimizer, float rate) {
    try (NDManager scratch = manager.newSubManager()) {
      NDArray ids = ids(scratch, windows);
      double value;
      try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
        NDArray loss = model.loss(ids);
        collector.backward(loss);
        value = loss.getFloat();
      }
      optimizer.step(scratch, rate);
      return value;
    }
  }

  private static NDArray ids(NDManager manager, List<int[]> windows) {
    int length = windows.get(0).length;
    long[] ids = new long[windows.size() * length];
    int next = 0;
    for (int[] window : windows) {
      for (int id : window) {
        ids[next++] = id;
      }
    }
    return manager.create(ids, new Shape(windows.size(), length));
  }

  static double rate(int step, int steps, double peak) {
    int warmUp = Math.max(1, Math.min(MOST_WARM_UP_STEPS, steps / 10));
    if (step <= warmUp) {
      return peak * step / warmUp;
    }
    double done = (step - 1 - warmUp) / (double) (steps - warmUp);
    return peak * (LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + Math.cos(Math.PI * done)));
  }

  /** Full batches for ever, each pass in a new order; a rest smaller than a batch is left out. */
  private final class Batches implements Iterator<List<int[]>> {

    private final TokenStream text;
    private List<int[]> windows = List.of();
    private int next;

    Batches(TokenStream text) {
      this.text = text;
      if (text.tokens() < (long) context * batch + 1) {
        throw new IllegalArgumentException(
            "the text has "
                + text.tokens()
                + " tokens, but a step alone takes "
                + (context * batch + 1)
                + ": give more text, or a smaller batch or context");
      }
    }

    @Override
    public boolean hasNext() {
      return true;
    }

    @Override
    public List<int[]> next() {
      if (next + batch > windows.size()) {
        windows = text.windows(context, random);
        next = 0;
      }
      next += batch;
      return windows.subList(next - batch, next);
    }
  }
}
