package io.dume.cli;

import io.dume.models.FeatureSource;
import io.dume.models.MixtureModel;
import io.dume.models.RouterWeights;
import io.dume.models.Routing;
import io.dume.models.RoutingPolicy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How the mixture's gates choose. */
final class RoutingOptions {

  private static final String OF_ROUTER = "router";

  /** How `oracle:NAME` begins. */
  private static final String ORACLE = "oracle:";

  @Option(
      names = "--policy",
      paramLabel = "POLICY",
      defaultValue = OF_ROUTER,
      description =
          "How scores choose: `router`, as the router's version says; `paper`, each token and layer by"
              + " itself; or numbers such as smoothing=0.95,below=0,above=0,top-k=1,temperature=1."
              + " Smoothing is how much a layer remembers of the tokens before; below and above are"
              + " weights of what the other layers remember. Default: ${DEFAULT-VALUE}, which is the"
              + " paper's where nobody has chosen one.")
  private String policy;

  @Option(
      names = "--smoothing",
      paramLabel = "C",
      description =
          "Of the policy, this alone: from 0, which remembers nothing, to less than 1; 0.95 remembers"
              + " some twenty tokens.")
  private Optional<Double> smoothing = Optional.empty();

  @Option(
      names = "--top-k",
      paramLabel = "K",
      description = "Of the policy, experts that a token goes through alone. The paper's: 1.")
  private Optional<Integer> topK = Optional.empty();

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description =
          "Of the policy, what divides the scores before the softmax over the chosen K alone; without"
              + " effect for K = 1. The paper's: 1.")
  private Optional<Double> temperature = Optional.empty();

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Of all that is drawn at random. Default: ${DEFAULT-VALUE}.")
  private long seed;

  /** The policy for a router. */
  RoutingPolicy policy(RouterWeights router) {
    return on(router.policy().orElse(RoutingPolicy.PAPER));
  }

  private RoutingPolicy on(RoutingPolicy ofRouter) {
    RoutingPolicy named = policy.equals(OF_ROUTER) ? ofRouter : RoutingPolicy.parse(policy);
    return named
        .withSmoothing(smoothing.orElse(named.smoothing()))
        .withChoice(topK.orElse(named.k()), temperature.orElse(named.temperature()));
  }

  /**
   * Refuses what no router could follow.
   *
   * @throws IllegalArgumentException naming the number that can't be
   */
  void check() {
    on(RoutingPolicy.PAPER);
  }

  /** How many experts a token goes through, where it was asked for and is not the router's. */
  Optional<Integer> askedChoice() {
    return topK.or(
        () ->
            policy.equals(OF_ROUTER) ? Optional.empty() : Optional.of(on(RoutingPolicy.PAPER).k()));
  }

  /**
   * What {@code --router} asks for: a file, {@code average}, {@code random} or {@code oracle:NAME}.
   *
   * @throws IllegalArgumentException if the model has no expert of this name
   */
  Routing routing(String router, MixtureModel mixture) throws IOException {
    if (router.equals("average")) {
      return new Routing.Average();
    }
    if (router.equals("random")) {
      return new Routing.UniformRandom(seed);
    }
    if (router.startsWith(ORACLE)) {
      String name = router.substring(ORACLE.length());
      return new Routing.Oracle(
          mixture
              .manifest()
              .indexOf(name)
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "--router %s: the model's experts are %s"
                              .formatted(router, mixture.manifest().expertNames()))));
    }
    RouterWeights weights = RouterWeights.read(Path.of(router));
    weights.requireSource(FeatureSource.MLP_INPUT);
    return new Routing.TopK(weights, policy(weights));
  }

  long seed() {
    return seed;
  }
}
