package io.dume.models;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * How the gates' scores choose experts: how many, and what of earlier tokens and other layers joins
 * a score before it chooses. Immutable.
 *
 * <p>Layer l scores token t of a sequence by z = gate(x) and remembers s_l(t) = c · s_l(t-1) + (1 -
 * c) · z_l(t), with c the smoothing and s_l = 0 before the first token. What chooses is
 *
 * <pre>s_l(t) + below · Σ_{j&lt;l} s_j(t) + above · Σ_{j&gt;l} s_j(t-1),</pre>
 *
 * all of which a model knows when it comes to that token and layer: nothing is learnt, nothing
 * looks ahead, and what has to be kept is one number for each expert and layer. With smoothing,
 * below and above 0 it is the paper's routing (arXiv 2603.29765), to the bit.
 *
 * <p>Where a text is read at once, not token by token, scores of deeper layers are taken from an
 * earlier pass over it that had none of them: {@code above} costs a second pass, and differs a
 * little from what generating the same text would do.
 *
 * @param k how many experts a token goes through; at least 1
 * @param temperature divides what chooses, before the softmax over the k; from 1e-6 to 1e6
 * @param smoothing c, at least 0 and less than 1: c = 0.95 remembers some twenty tokens
 * @param below weight of the shallower layers' scores for the same token; from 0 to 1e6
 * @param above weight of the deeper layers' scores for the token before; from 0 to 1e6
 */
public record RoutingPolicy(
    int k, double temperature, double smoothing, double below, double above) {

  /** The paper's: the best expert by this token and layer alone. */
  public static final RoutingPolicy PAPER = new RoutingPolicy(1, 1, 0, 0, 0);

  /** Scores are float32: a larger factor, or a smaller divisor, would leave nothing of them. */
  private static final double LARGEST = 1e6;

  private static final String K = "top-k";
  private static final String TEMPERATURE = "temperature";
  private static final String SMOOTHING = "smoothing";
  private static final String BELOW = "below";
  private static final String ABOVE = "above";

  /** Checks each number. */
  public RoutingPolicy {
    if (k < 1) {
      throw new IllegalArgumentException(K + " = " + k + ": must be at least 1");
    }
    if (!(temperature >= 1 / LARGEST && temperature <= LARGEST)) {
      throw new IllegalArgumentException(
          TEMPERATURE + " = " + temperature + ": must be a positive number, from 1e-6 to 1e6");
    }
    if (!(smoothing >= 0 && smoothing < 1)) {
      throw new IllegalArgumentException(
          SMOOTHING
              + " = "
              + smoothing
              + ": must be at least 0, which remembers nothing, and less than 1");
    }
    requireWeight(BELOW, below);
    requireWeight(ABOVE, above);
  }

  private static void requireWeight(String name, double weight) {
    if (!(weight >= 0 && weight <= LARGEST)) {
      throw new IllegalArgumentException(
          name + " = " + weight + ": must be at least 0, and at most 1e6");
    }
  }

  /**
   * Reads what {@link #toString} writes. What is not named is as in the paper.
   *
   * @param text such as {@code smoothing=0.95,below=0.5}, or {@code paper}
   * @throws IllegalArgumentException naming the part that can't be read, and what is possible
   */
  public static RoutingPolicy parse(String text) {
    if (text.strip().equals("paper")) {
      return PAPER;
    }
    Map<String, Double> numbers = new LinkedHashMap<>(PAPER.numbers());
    for (String part : text.split(",", -1)) {
      String[] sides = part.strip().split("=", -1);
      if (sides.length != 2 || !numbers.containsKey(sides[0])) {
        throw new IllegalArgumentException(
            "routing policy \"%s\": \"%s\" is none of %s"
                .formatted(
                    text,
                    part,
                    numbers.keySet().stream()
                        .map(name -> name + "=NUMBER")
                        .collect(Collectors.joining(", "))));
      }
      numbers.put(sides[0], number(text, sides[0], sides[1]));
    }
    double k = numbers.get(K);
    if (k != Math.rint(k) || Math.abs(k) > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "routing policy \"%s\": %s is no whole number".formatted(text, K));
    }
    return new RoutingPolicy(
        (int) k,
        numbers.get(TEMPERATURE),
        numbers.get(SMOOTHING),
        numbers.get(BELOW),
        numbers.get(ABOVE));
  }

  private static double number(String text, String name, String value) {
    try {
      return Double.parseDouble(value);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "routing policy \"%s\": %s = \"%s\" is no number".formatted(text, name, value), e);
    }
  }

  private Map<String, Double> numbers() {
    Map<String, Double> numbers = new LinkedHashMap<>();
    numbers.put(K, (double) k);
    numbers.put(TEMPERATURE, temperature);
    numbers.put(SMOOTHING, smoothing);
    numbers.put(BELOW, below);
    numbers.put(ABOVE, above);
    return numbers;
  }

  /** Whether a score is joined by any other. */
  public boolean remembers() {
    return smoothing > 0 || below > 0 || above > 0;
  }

  /** Returns this policy with another smoothing. */
  public RoutingPolicy withSmoothing(double c) {
    return new RoutingPolicy(k, temperature, c, below, above);
  }

  /** Returns this policy with other weights of other layers' scores. */
  public RoutingPolicy withLayers(double shallower, double deeper) {
    return new RoutingPolicy(k, temperature, smoothing, shallower, deeper);
  }

  /** Returns this policy with another number of experts and temperature. */
  public RoutingPolicy withChoice(int experts, double temperatureOfShares) {
    return new RoutingPolicy(experts, temperatureOfShares, smoothing, below, above);
  }

  /** Returns all numbers, as {@link #parse} reads them. */
  @Override
  public String toString() {
    return numbers().entrySet().stream()
        .map(number -> number.getKey() + "=" + plain(number.getValue()))
        .collect(Collectors.joining(","));
  }

  private static String plain(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? String.format(Locale.ROOT, "%.0f", value)
        : Double.toString(value);
  }
}
