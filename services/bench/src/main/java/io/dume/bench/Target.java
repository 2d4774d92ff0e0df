package io.dume.bench;

/**
 * What a figure is to reach.
 *
 * @param kind what is compared, and in which direction
 * @param limit the number
 */
public record Target(Kind kind, double limit) {
  /** What is compared with the limit. */
  public enum Kind {
    /** The ratio to the floor is to be this or more. */
    RATIO_AT_LEAST,
    /** The ratio to the floor is to be this or less. */
    RATIO_AT_MOST,
    /** The value itself is to be this or less. */
    VALUE_AT_MOST,
    /** The value is to be at most this much above the floor. */
    ABOVE_FLOOR_AT_MOST
  }

  /**
   * At least this ratio to the floor.
   *
   * @param ratio the limit
   * @return the target
   */
  public static Target ratioAtLeast(double ratio) {
    return new Target(Kind.RATIO_AT_LEAST, ratio);
  }

  /**
   * At most this ratio to the floor.
   *
   * @param ratio the limit
   * @return the target
   */
  public static Target ratioAtMost(double ratio) {
    return new Target(Kind.RATIO_AT_MOST, ratio);
  }

  /**
   * At most this value.
   *
   * @param value the limit, in the figure's unit
   * @return the target
   */
  public static Target valueAtMost(double value) {
    return new Target(Kind.VALUE_AT_MOST, value);
  }

  /**
   * At most this much more than the floor.
   *
   * @param difference the limit, in the figure's unit
   * @return the target
   */
  public static Target aboveFloorAtMost(double difference) {
    return new Target(Kind.ABOVE_FLOOR_AT_MOST, difference);
  }

  /**
   * The target as people write it.
   *
   * @param unit the figure's
   * @return such as {@code >= 0.85}, {@code <= 6 s} or {@code <= floor + 400 ms}
   */
  public String describe(String unit) {
    String number = Figure.number(limit);
    return switch (kind) {
      case RATIO_AT_LEAST -> ">= " + number;
      case RATIO_AT_MOST -> "<= " + number;
      case VALUE_AT_MOST -> "<= " + Figure.quantity(limit, unit);
      case ABOVE_FLOOR_AT_MOST -> "<= floor + " + Figure.quantity(limit, unit);
    };
  }
}
