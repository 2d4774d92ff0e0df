package io.dume.schemas.control;

import io.dume.schemas.message.Policy;
import java.util.Optional;

/**
 * Which routing policies are possible. Versions carry them, so whoever uses a version must be able
 * to follow its policy: one that is not possible counts nowhere, not in the control log and not in
 * a version.
 */
public final class PolicyRange {
  /** Of scores, which are float32: more would leave nothing of them. */
  private static final double LARGEST_FACTOR = 1e6;

  private PolicyRange() {}

  /**
   * What is wrong with a policy.
   *
   * @param policy any policy
   * @param experts how many there are to choose from
   * @return the field, its value and what it may be; or nothing if the policy is possible
   */
  public static Optional<String> problem(Policy policy, int experts) {
    if (policy.getTopK() < 1 || policy.getTopK() > experts) {
      return Optional.of("top-k of %d: give 1 to %d".formatted(policy.getTopK(), experts));
    }
    if (!(policy.getTemperature() >= 1 / LARGEST_FACTOR
        && policy.getTemperature() <= LARGEST_FACTOR)) {
      return Optional.of("temperature of %s: give 1e-6 to 1e6".formatted(policy.getTemperature()));
    }
    if (!(policy.getSmoothing() >= 0 && policy.getSmoothing() < 1)) {
      return Optional.of(
          "smoothing of %s: give at least 0 and less than 1".formatted(policy.getSmoothing()));
    }
    return weight("below", policy.getBelow()).or(() -> weight("above", policy.getAbove()));
  }

  private static Optional<String> weight(String name, double value) {
    return value >= 0 && value <= LARGEST_FACTOR
        ? Optional.empty()
        : Optional.of("%s of %s: give 0 to 1e6".formatted(name, value));
  }
}
