package io.dume.solver;

import java.util.List;
import java.util.Optional;

/** How the ridge penalty λ of a router version is found. */
public sealed interface LambdaChoice {
  /** By the error on held-out statistics. */
  LambdaChoice AUTO = new Auto();

  /**
   * A value that is given.
   *
   * @param lambda finite and not negative
   */
  record Fixed(double lambda) implements LambdaChoice {
    public Fixed {
      if (!Double.isFinite(lambda) || lambda < 0) {
        throw new IllegalArgumentException(
            "lambda of %s: give a number that is not negative; the paper's is 0.01"
                .formatted(lambda));
      }
    }
  }

  /**
   * One value for all layers out of {@link Auto#CANDIDATES}: the one with the least error on the
   * held-out tokens of the cut, mean over the layers. A cut without held-out tokens is refused.
   */
  record Auto() implements LambdaChoice {
    /**
     * The values that are tried, ascending. Eleven decades: at about that many, factoring anew for
     * each costs what a tridiagonalisation would, and gives the very bits that a request for that
     * value gives.
     */
    public static final List<Double> CANDIDATES =
        List.of(1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2, 1e3, 1e4);
  }

  /**
   * A value that is given.
   *
   * @param lambda finite and not negative
   * @return the choice
   */
  static LambdaChoice fixed(double lambda) {
    return new Fixed(lambda);
  }

  /**
   * A choice as people write it.
   *
   * @param text a number that is not negative, or "auto"
   * @return the choice
   * @throws IllegalArgumentException if it is neither
   */
  static LambdaChoice parse(String text) {
    if (text.equals("auto")) {
      return AUTO;
    }
    try {
      return fixed(Double.parseDouble(text));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "lambda \"%s\": give a number that is not negative, or auto".formatted(text), e);
    }
  }

  /** {@return the value that is given, or nothing where it is to be found} */
  default Optional<Double> value() {
    return this instanceof Fixed fixed ? Optional.of(fixed.lambda()) : Optional.empty();
  }
}
