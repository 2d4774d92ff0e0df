package io.dume.evaluator;

import io.dume.models.MergedManifest;
import io.dume.models.RouterWeights;
import io.dume.models.Routing;
import io.dume.models.RoutingPolicy;

/** How a mixture is routed while it is judged; what that means may depend on a text's label. */
public sealed interface RoutingChoice {
  /**
   * The solved gates.
   *
   * @param router the gates
   * @param policy how they choose
   */
  record Gates(RouterWeights router, RoutingPolicy policy) implements RoutingChoice {}

  /** All parameters averaged. */
  record Average() implements RoutingChoice {}

  /**
   * A uniformly random expert for each token and layer.
   *
   * @param seed of the draws
   */
  record Random(long seed) implements RoutingChoice {}

  /** The label's expert for every token, in the averaged backbone. */
  record Oracle() implements RoutingChoice {}

  /**
   * The routing of some windows.
   *
   * @param manifest the model's experts
   * @param domain the windows' label
   * @param firstWindow ordinal of the first of them in the whole set
   * @return what the model understands
   * @throws IllegalArgumentException if the oracle is asked about a domain that is no expert's
   */
  default Routing forWindows(MergedManifest manifest, String domain, long firstWindow) {
    if (this instanceof Gates gates) {
      return new Routing.TopK(gates.router(), gates.policy());
    }
    if (this instanceof Random random) {
      return new Routing.UniformRandom(random.seed(), firstWindow);
    }
    if (this instanceof Oracle) {
      return new Routing.Oracle(
          manifest
              .indexOf(domain)
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "the oracle knows no expert of domain %s: the model has %s"
                              .formatted(domain, manifest.expertNames()))));
    }
    return new Routing.Average();
  }
}
