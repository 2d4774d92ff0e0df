package io.dume.evaluator;

import io.dume.models.MixtureModel;
import io.dume.models.RouterWeights;
import io.dume.models.RoutingPolicy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.DoubleFunction;

/**
 * Chooses how much a router remembers, by held-out text: first the smoothing, then the weights of
 * shallower and of deeper layers' scores. What does not pay stays 0, so the simplest policy wins
 * among equals, and the paper's where nothing helps. How many experts a token goes through is not
 * chosen: it sets what a token costs.
 */
public final class PolicySearch {

  /** A smoothing of c remembers about 1 / (1 - c) tokens. */
  private static final List<Double> SMOOTHINGS = List.of(0.5, 0.8, 0.9, 0.95, 0.98, 0.99);

  private static final List<Double> WEIGHTS = List.of(0.3, 1.0);

  /** Nats a token: a twentieth of a percent of perplexity, less than samples of text differ by. */
  private static final double WORTH_IT = 5e-4;

  /** Half a percent: deeper layers' scores cost a second pass, and a prompt read token by token. */
  private static final double WORTH_A_PASS = 5e-3;

  /**
   * A policy and how well held-out text is predicted with it.
   *
   * @param policy the policy
   * @param loss negative log-likelihood, nats a token, the mean over the domains
   */
  public record Judged(RoutingPolicy policy, double loss) {}

  /**
   * What a search found beside the policy that there is.
   *
   * @param present the policy that there is
   * @param best the best that was found
   */
  public record Compared(Judged present, Judged best) {
    /** {@return by how many nats a token the best predicts better} */
    public double gain() {
      return present.loss() - best.loss();
    }
  }

  private final Evaluator evaluator;
  private final Consumer<Judged> progress;

  /**
   * A search on some held-out text, which should be of all domains and not be judged by afterwards.
   *
   * @param evaluator the text
   * @param progress hears of each policy that was judged
   */
  public PolicySearch(Evaluator evaluator, Consumer<Judged> progress) {
    this.evaluator = evaluator;
    this.progress = progress;
  }

  /**
   * Searches.
   *
   * @param model the mixture
   * @param router its gates
   * @param k how many experts a token goes through
   * @param temperature divides what chooses
   * @return the best policy and its loss
   */
  public Judged search(MixtureModel model, RouterWeights router, int k, double temperature) {
    Judged best = judge(model, router, RoutingPolicy.PAPER.withChoice(k, temperature));
    best = best(model, router, best, WORTH_IT, SMOOTHINGS, best.policy()::withSmoothing);
    RoutingPolicy smoothed = best.policy();
    best = best(model, router, best, WORTH_IT, WEIGHTS, weight -> smoothed.withLayers(weight, 0));
    double below = best.policy().below();
    return best(
        model, router, best, WORTH_A_PASS, WEIGHTS, weight -> smoothed.withLayers(below, weight));
  }

  /**
   * Searches among policies that cost as much as the one that there is: of its number of experts
   * and its temperature.
   *
   * @param model the mixture
   * @param router its gates
   * @param present the policy that there is
   * @return both, judged by the same text
   */
  public Compared compare(MixtureModel model, RouterWeights router, RoutingPolicy present) {
    Map<RoutingPolicy, Judged> judged = new HashMap<>();
    PolicySearch remembering =
        new PolicySearch(
            evaluator,
            one -> {
              judged.put(one.policy(), one);
              progress.accept(one);
            });
    Judged best = remembering.search(model, router, present.k(), present.temperature());
    if (!judged.containsKey(present)) {
      remembering.judge(model, router, present);
    }
    return new Compared(judged.get(present), best);
  }

  private Judged best(
      MixtureModel model,
      RouterWeights router,
      Judged sofar,
      double worth,
      List<Double> values,
      DoubleFunction<RoutingPolicy> policy) {
    List<Judged> candidates = new ArrayList<>(List.of(sofar));
    for (double value : values) {
      candidates.add(judge(model, router, policy.apply(value)));
    }
    Judged best = sofar;
    for (Judged candidate : candidates) {
      // Among candidates that are worth it any gain counts.
      double gain = best == sofar ? worth : WORTH_IT;
      if (candidate.loss() < best.loss() - gain) {
        best = candidate;
      }
    }
    return best;
  }

  private Judged judge(MixtureModel model, RouterWeights router, RoutingPolicy policy) {
    Map<String, Perplexity> judged =
        evaluator.mixture(model, new RoutingChoice.Gates(router, policy));
    double loss =
        judged.values().stream().mapToDouble(p -> Math.log(p.value())).average().orElseThrow();
    Judged result = new Judged(policy, loss);
    progress.accept(result);
    return result;
  }
}
