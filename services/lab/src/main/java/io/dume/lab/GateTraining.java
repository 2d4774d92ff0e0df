package io.dume.lab;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dume.evaluator.EvaluationSet;
import io.dume.evaluator.Evaluator;
import io.dume.evaluator.Perplexity;
import io.dume.evaluator.RoutingChoice;
import io.dume.models.GateGradient;
import io.dume.models.MixtureModel;
import io.dume.models.RouterWeights;
import io.dume.models.RoutingPolicy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SplittableRandom;

/**
 * Trains a router's gates by the mixture's loss on labelled text, and nothing else: the model is
 * asked for derivatives in the gates alone, so nothing else can change. The learning rate rises
 * linearly over the warm-up and then falls linearly to zero. One training at a time in a JVM.
 *
 * <p>With held-out text the gates are judged before the first step and {@value #CHECKS} times on
 * the way, and the best of these are what a training gives: on that text it never ends below what
 * it began with.
 */
public final class GateTraining {

  /**
   * Key among a trained router's strings: {@code {"start", "start_sha256", "steps",
   * "learning_rate", "balance", "tokens", "seed"}}, with the version that was the start (0 if the
   * start names none), the digest of its gates (absent if the start names none), the steps that the
   * gates have behind them, and the tokens of the text that windows were drawn from.
   */
  public static final String TRAINING = "training";

  /** How often gates are judged by held-out text, beside their start. */
  static final int CHECKS = 4;

  /** Among a router's strings the digest of its gates, which is no longer true of trained ones. */
  public static final String DIGEST = "sha256";

  private static final String VERSION = "version";

  /** Likewise whether there are biases: where the start has none, trained gates have none. */
  private static final String INTERCEPT = "intercept";

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
   * @param temperature divides the scores before the softmax over the k, likewise
   */
  public record Options(
      int steps,
      int warmUp,
      double rate,
      double balance,
      int batch,
      int window,
      int k,
      double temperature) {

    /**
     * The paper's (arXiv 2603.29765) optimiser, rate and steps, on windows that keep the demo's
     * experts to a few minutes a router.
     *
     * <p>Two experts a token: with one its share is 1 whatever it scored, and only a substitute has
     * a gradient. Following that made the demo's solved gates worse on held-out text (loss 3.181
     * before, 3.185 after 400 steps), while with two they became better (3.162, 3.158).
     *
     * <p>A temperature of 0.3: columns of norm 1 give scores that are close to each other, so that
     * at 1 two experts share a token nearly evenly (3.173 before, 3.170 after); 0.1 is a little too
     * sharp (3.166, 3.162). Four times the windows a step changed nothing (3.158 after 200 steps),
     * ten times the rate little (3.157).
     */
    public static final Options DEFAULT = new Options(1_000, 10, 1e-4, 0, 2, 128, 2, 0.3);

    /** Checks each number. */
    public Options {
      requirePositive("steps", steps);
      requirePositive("batch", batch);
      requirePositive("window", window);
      if (warmUp < 0 || !(rate > 0) || !(balance >= 0) || !Double.isFinite(rate + balance)) {
        throw new IllegalArgumentException(
            "warm-up %d, learning rate %s, balance %s: must be at least 0, above 0, at least 0"
                .formatted(warmUp, rate, balance));
      }
      RoutingPolicy.PAPER.withChoice(k, temperature);
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

    /** Returns how gates choose while they are trained. */
    public RoutingPolicy policy() {
      return RoutingPolicy.PAPER.withChoice(k, temperature);
    }
  }

  /** Hears of progress; what it throws ends the training. */
  public interface Listener {
    /** Hears nothing. */
    Listener NONE = (step, loss) -> {};

    /**
     * A step was made.
     *
     * @param step counted from 1
     * @param loss of its windows, before it
     */
    void step(int step, double loss);

    /**
     * Held-out text is read to judge gates by; asked again and again, so that a training can be
     * ended there too.
     *
     * @param step after which
     */
    default void judging(int step) {}

    /**
     * Gates were judged.
     *
     * @param step after which; 0 for the start
     * @param loss on held-out text, the mean over the domains
     */
    default void judged(int step, double loss) {}
  }

  /**
   * What came of it.
   *
   * @param router the gates, with the start's strings and {@link #TRAINING}; their policy is the
   *     start's with the k and the temperature of the training
   * @param steps how many the gates have behind them: fewer than asked for if more did not pay
   * @param heldOut their loss on held-out text if there was some: nats, the mean over the domains
   */
  public record Trained(RouterWeights router, int steps, OptionalDouble heldOut) {}

  private final MixtureModel model;
  private final TrainingText text;
  private final Optional<EvaluationSet> heldOut;
  private final Options options;
  private final Listener listener;

  /**
   * @param model the mixture, which stays as it is
   * @param text what windows are drawn from
   * @param heldOut what the best gates on the way are told by; without it the last ones are taken
   */
  public GateTraining(
      MixtureModel model,
      TrainingText text,
      Optional<EvaluationSet> heldOut,
      Options options,
      Listener listener) {
    this.model = model;
    this.text = text;
    this.heldOut = heldOut;
    this.options = options;
    this.listener = listener;
  }

  /**
   * Trains.
   *
   * @param start the gates to begin with, left as they are
   * @param seed of the order of the text
   * @throws IllegalArgumentException if gates, text and options do not fit the model
   * @throws ArithmeticException if the loss is no longer finite
   */
  public Trained train(RouterWeights start, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Map<String, String> strings = strings(start);
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
    boolean biased = !strings.getOrDefault(INTERCEPT, "true").equals("false");
    Trained best = judged(new RouterWeights(weights, biases, strings), 0);
    int every = Math.max(1, options.steps() / CHECKS);
    for (int step = 1; step <= options.steps(); step++) {
      GateGradient gradient =
          model.gateGradient(
              text.windows(options.batch(), options.window() + 1, random),
              new RouterWeights(weights, biases, strings),
              options.policy(),
              options.balance());
      if (!Double.isFinite(gradient.loss())) {
        throw new ArithmeticException(
            "the loss is not finite in step " + step + ": choose a smaller learning rate");
      }
      double rate = options.rate(step);
      for (int layer = 0; layer < start.layers(); layer++) {
        forWeights.get(layer).step(weights.get(layer), gradient.weights().get(layer), rate);
        if (biased) {
          forBiases.get(layer).step(biases.get(layer), gradient.biases().get(layer), rate);
        }
      }
      listener.step(step, gradient.loss());
      if (step == options.steps() || heldOut.isPresent() && step % every == 0) {
        best = better(best, judged(new RouterWeights(weights, biases, strings), step));
      }
    }
    return new Trained(sealed(best, start, seed), best.steps(), best.heldOut());
  }

  /** Where nothing is judged the later one. */
  private static Trained better(Trained before, Trained now) {
    boolean worse =
        now.heldOut().isPresent()
            && !(now.heldOut().getAsDouble() < before.heldOut().getAsDouble());
    return worse ? before : now;
  }

  private Trained judged(RouterWeights router, int step) {
    if (heldOut.isEmpty()) {
      return new Trained(router, step, OptionalDouble.empty());
    }
    double loss =
        new Evaluator(heldOut.get(), (domain, read, all) -> listener.judging(step))
            .mixture(model, new RoutingChoice.Gates(router, options.policy())).values().stream()
                .map(Perplexity::value)
                .mapToDouble(Math::log)
                .average()
                .orElseThrow();
    listener.judged(step, loss);
    return new Trained(router, step, OptionalDouble.of(loss));
  }

  private Map<String, String> strings(RouterWeights start) {
    Map<String, String> strings = new LinkedHashMap<>(start.metadata());
    strings.remove(DIGEST);
    RoutingPolicy policy = start.policy().orElse(RoutingPolicy.PAPER);
    strings.put(
        RouterWeights.POLICY, policy.withChoice(options.k(), options.temperature()).toString());
    return strings;
  }

  private RouterWeights sealed(Trained trained, RouterWeights start, long seed) {
    Map<String, String> strings = new LinkedHashMap<>(trained.router().metadata());
    ObjectNode training = JsonNodeFactory.instance.objectNode().put("start", version(strings));
    Optional.ofNullable(start.metadata().get(DIGEST))
        .ifPresent(digest -> training.put("start_sha256", digest));
    training
        .put("steps", trained.steps())
        .put("learning_rate", options.rate())
        .put("balance", options.balance())
        .put("tokens", text.domains().stream().mapToLong(text::tokens).sum())
        .put("seed", seed);
    strings.put(TRAINING, training.toString());
    return Gates.like(trained.router(), strings);
  }

  private static long version(Map<String, String> strings) {
    String version = strings.getOrDefault(VERSION, "0");
    try {
      return Long.parseLong(version);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "the router says that its version is \"%s\", which is no number".formatted(version), e);
    }
  }
}
