package io.dume.evaluator;

import io.dume.models.RoutingPolicy;
import java.util.Optional;
import java.util.function.Function;

/**
 * Decides, while a router is followed, when its policy is searched for and whether what was found
 * is worth a change. Not thread-safe.
 *
 * <p>A choice makes a version come that carries it, so what is chosen must not be a reason to
 * choose again: the same gates are searched once, whatever policy they come with, and no version up
 * to the one that answers a choice is searched. For each change there must so have been a version
 * that nobody asked for here.
 */
public final class PolicyChooser {
  private final double margin;
  private Optional<String> searched = Optional.empty();
  private long settled;

  /**
   * @param margin nats a token by which a policy must predict better than the one that there is
   * @throws IllegalArgumentException if the margin is negative or no number
   */
  public PolicyChooser(double margin) {
    if (!(margin >= 0) || Double.isInfinite(margin)) {
      throw new IllegalArgumentException(
          "margin of the policy = %s nats a token: at least 0, such as 0.002".formatted(margin));
    }
    this.margin = margin;
  }

  /**
   * Takes the next version.
   *
   * @param version its number
   * @param gates what tells its gates from others', such as their hash
   * @param present the policy that versions carry now
   * @param search looks for the best policy with these gates; asked at most once
   * @return the policy that there is and the one that should be, if there should be another
   */
  public Optional<PolicySearch.Compared> next(
      long version,
      String gates,
      RoutingPolicy present,
      Function<RoutingPolicy, PolicySearch.Compared> search) {
    if (version <= settled || searched.equals(Optional.of(gates))) {
      return Optional.empty();
    }
    PolicySearch.Compared found = search.apply(present);
    searched = Optional.of(gates);
    return found.best().policy().equals(present) || found.gain() < margin
        ? Optional.empty()
        : Optional.of(found);
  }

  /**
   * Takes note of the version that answered a choice.
   *
   * @param version its number
   */
  public void answered(long version) {
    settled = Math.max(settled, version);
  }
}
