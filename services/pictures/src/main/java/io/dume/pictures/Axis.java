package io.dume.pictures;

import java.math.BigDecimal;
import java.math.MathContext;
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
public record Axis(String label, double from, double to, boolean logarithmic) {
  private static final int TICKS = 5;

  /** From this factor between the ends of a logarithmic axis on only powers of ten are written. */
  private static final double MANY = 200;

  /** Checks that it goes upwards. */
  public Axis {
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
  public static Axis fromZero(String label, List<Double> values) {
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
  public static Axis logarithmic(String label, List<Double> values) {
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
  public double share(double value) {
    double share =
        logarithmic ? Math.log(value / from) / Math.log(to / from) : (value - from) / (to - from);
    return Math.min(1, Math.max(0, share));
  }

  /** Returns the values that are written beside it, in ascending order. */
  public List<Double> ticks() {
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

  /** Returns a value as it is written beside an axis: four significant digits, no exponent. */
  public static String tick(double value) {
    String digits = new BigDecimal(value).round(new MathContext(4)).toPlainString();
    return digits.contains(".") ? digits.replaceAll("\\.?0+$", "") : digits;
  }

  /** From a round number that no value is below to one that no value exceeds. */
  public static Axis around(String label, List<Double> values) {
    double least = values.stream().mapToDouble(Double::doubleValue).min().orElse(0);
    double largest = values.stream().mapToDouble(Double::doubleValue).max().orElse(1);
    double step = step(Math.max((largest - least) / TICKS, 1e-9 + Math.abs(largest) / 1_000));
    double from = step * Math.floor(least / step + 1e-9);
    double to = step * Math.ceil(largest / step - 1e-9);
    return new Axis(label, from, to > from ? to : from + step, false);
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
