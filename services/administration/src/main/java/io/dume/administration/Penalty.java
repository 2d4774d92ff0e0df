package io.dume.administration;

import java.util.Optional;

/**
 * The ridge penalty that a version is asked for with.
 *
 * @param fixed the penalty; nothing for the solver's own, or where it is chosen
 * @param isChosenByError whether it is chosen by the error on held-out statistics
 */
public record Penalty(Optional<Double> fixed, boolean isChosenByError) {
  /** The solver's own. */
  public static final Penalty DEFAULT = new Penalty(Optional.empty(), false);

  /** The one with the least error on held-out statistics. */
  public static final Penalty BY_ERROR = new Penalty(Optional.empty(), true);

  public Penalty {
    if (fixed.isPresent() && isChosenByError) {
      throw new IllegalArgumentException(
          "ridge penalty of %s: either give one, or let the error choose".formatted(fixed.get()));
    }
    if (fixed.filter(l -> !(l >= 0) || l.isInfinite()).isPresent()) {
      throw new IllegalArgumentException(
          "ridge penalty of %s: choose 0 or more".formatted(fixed.get()));
    }
  }

  /**
   * @param lambda the penalty, 0 or more
   * @return that penalty
   */
  public static Penalty of(double lambda) {
    return new Penalty(Optional.of(lambda), false);
  }
}
