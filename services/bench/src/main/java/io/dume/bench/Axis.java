package io.dume.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * One direction of a plot. Immutable.
 *
 * @param label what it shows, with its unit
 * @param from the value at its beginning
 * @param to the value at its end, above {@code from}
 * @param logarithmic whether equal steps are equal factors; both ends are above zero then
 */
record Axis(String label, double from, double to, boolean logarithmic) {
  private static final int TICKS = 5;

  /** From this factor between the ends of a logarithmic axis on only powers of ten are written. */
  private static final double MANY = 200;

  Axis {
    if (!(from < to) || Double.isInfinite(from) || Double.isInfinite(to)) {
      throw new IllegalArgumentException(
          "axis \"%s\" from %s to %s: it must go upwards".formatted(label, from, to));
    }
    if (logarithmic && from <= 0) {
      throw new IllegalArgumentException(
          "axis \"%s\" from %s: a logarithmic one must begin above zero".formatted(label, from));
    }
  }

  /** From zero to a round number that no value exceeds. */
  static Axis fromZero(String label, List<Double> values) {
    double largest = values.stream().mapToDouble(Double::doubleValue).max().orElse(0);
    double end = largest > 0 ? largest : 1;
    double step = step(end / TICKS);
    return new Axis(label, 0, step * Math.ceil(end / step), false);
  }

  /**
   * From one power of ten, or twice or five times one, to another.
   *
   * @param values above zero
   */
  static Axis logarithmic(String label, List<Double> values) {
    double least = values.stream().mapToDouble(Double::doubleValue).min().orElse(1);
    double largest = values.stream().mapToDouble(Double::doubleValue).max().orElse(10);
    if (least <= 0) {
      throw new IllegalArgumentException(
          "axis \"%s\": %s has no place on a logarithmic one".formatted(label, least));
    }
    double from = Math.pow(10, Math.floor(Math.log10(least)));
    for (double factor : new double[] {5, 2}) {
      if (factor * from <= least) {
        from *= factor;
        break;
      }
    }
    double to = step(largest);
    return new Axis(label, from, to > from ? to : 10 * from, true);
  }

  /** Returns where a value is: 0 at the beginning, 1 at the end; what lies outside, at an end. */
  double share(double value) {
    double share =
        logarithmic ? Math.log(value / from) / Math.log(to / from) : (value - from) / (to - from);
    return Math.min(1, Math.max(0, share));
  }

  /** Returns the values that are written beside it, in ascending order. */
  List<Double> ticks() {
    List<Double> ticks = new ArrayList<>();
    if (logarithmic) {
      double[] factors = to / from > MANY ? new double[] {1} : new double[] {1, 2, 5};
      for (double power = Math.pow(10, Math.floor(Math.log10(from)));
          power <= 1.0001 * to;
          power *= 10) {
        for (double factor : factors) {
          double value = factor * power;
          if (value >= 0.9999 * from && value <= 1.0001 * to) {
            ticks.add(value);
          }
        }
      }
      return ticks;
    }
    double step = step((to - from) / TICKS);
    for (long i = (long) Math.ceil(from / step - 1e-9); i * step <= to + 1e-9 * step; i++) {
      ticks.add(i * step);
    }
    return ticks;
  }

  static String tick(double value) {
    return Figure.number(Figure.rounded(value, 4));
  }

  /** The least of 1, 2 and 5 times a power of ten that is not below a value. */
  private static double step(double value) {
    double power = Math.pow(10, Math.floor(Math.log10(value)));
    for (double factor : new double[] {1, 2, 5}) {
      if (factor * power >= 0.9999 * value) {
        return factor * power;
      }
    }
    return 10 * power;
  }
}
