package io.dume.bench;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * One line of the report. Immutable.
 *
 * @param name what it is, unique in a report, such as {@code "fold, staged, exactly once"}
 * @param unit of value and floor, such as {@code MB/s}
 * @param value the median of the repetitions
 * @param spread of the repetitions, see {@link Samples#spread}
 * @param floor what it is measured against, the median
 * @param ratio the median of the rounds' value / floor; none where the target is a difference from
 *     the floor, so that a ratio beside a target is what the target is about
 * @param target what it is to reach, if somebody said so
 */
public record Figure(
    String name,
    String unit,
    double value,
    double spread,
    OptionalDouble floor,
    OptionalDouble ratio,
    Optional<Target> target) {

  private static final MathContext DIGITS = new MathContext(4);

  public Figure {
    if (target.isPresent()
        && target.get().kind() != Target.Kind.VALUE_AT_MOST
        && (floor.isEmpty()
            || (ratio.isEmpty() && target.get().kind() != Target.Kind.ABOVE_FLOOR_AT_MOST))) {
      throw new IllegalArgumentException(
          "%s: a target of %s needs a floor".formatted(name, target.get().kind()));
    }
    if (target.isPresent() && target.get().kind() == Target.Kind.ABOVE_FLOOR_AT_MOST) {
      ratio = OptionalDouble.empty();
    }
  }

  /**
   * A figure with a floor and a target.
   *
   * @param name what it is
   * @param unit of both
   * @param rounds the repetitions
   * @param target what it is to reach
   * @return the figure
   */
  public static Figure against(String name, String unit, Rounds rounds, Target target) {
    return against(name, unit, rounds).toReach(target);
  }

  /**
   * A figure with a floor and no target.
   *
   * @param name what it is
   * @param unit of both
   * @param rounds the repetitions
   * @return the figure
   */
  public static Figure against(String name, String unit, Rounds rounds) {
    return new Figure(
        name,
        unit,
        rounds.value().median(),
        rounds.value().spread(),
        OptionalDouble.of(rounds.floor().median()),
        OptionalDouble.of(rounds.ratio().median()),
        Optional.empty());
  }

  /**
   * A figure without a floor.
   *
   * @param name what it is
   * @param unit of the samples
   * @param samples the repetitions
   * @return the figure, without a target: see {@link #toReach}
   */
  public static Figure of(String name, String unit, Samples samples) {
    return new Figure(
        name,
        unit,
        samples.median(),
        samples.spread(),
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        Optional.empty());
  }

  /**
   * The same figure with a target.
   *
   * @param wanted what it is to reach
   * @return a copy
   */
  public Figure toReach(Target wanted) {
    return new Figure(name, unit, value, spread, floor, ratio, Optional.of(wanted));
  }

  /**
   * Whether the target is reached.
   *
   * @return nothing if there is none
   */
  public Optional<Boolean> reached() {
    return target.map(
        t ->
            switch (t.kind()) {
              case RATIO_AT_LEAST -> ratio.getAsDouble() >= t.limit();
              case RATIO_AT_MOST -> ratio.getAsDouble() <= t.limit();
              case VALUE_AT_MOST -> value <= t.limit();
              case ABOVE_FLOOR_AT_MOST -> value - floor.getAsDouble() <= t.limit();
            });
  }

  /**
   * A number for people: four significant digits, never an exponent.
   *
   * @param value a finite number
   * @return such as {@code 0.8512}, {@code 350.2} or {@code 12340}
   */
  public static String number(double value) {
    String digits = new BigDecimal(value).round(DIGITS).toPlainString();
    return digits.contains(".") ? digits.replaceAll("\\.?0+$", "") : digits;
  }

  static double rounded(double value, int digits) {
    return new BigDecimal(value).round(new MathContext(digits)).doubleValue();
  }

  /**
   * A number with its unit, for people.
   *
   * @param value a finite number
   * @param unit its unit; empty for none
   * @return such as {@code 350.2 MB/s}
   */
  public static String quantity(double value, String unit) {
    return unit.isEmpty() ? number(value) : number(value) + " " + unit;
  }
}
