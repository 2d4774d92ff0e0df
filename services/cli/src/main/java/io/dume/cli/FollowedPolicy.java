package io.dume.cli;

import io.dume.administration.AdministrationException;
import io.dume.administration.CutRequests;
import io.dume.administration.Penalty;
import io.dume.administration.RoutingPolicies;
import io.dume.evaluator.Evaluator;
import io.dume.evaluator.PolicyChooser;
import io.dume.evaluator.PolicySearch;
import io.dume.models.MixtureModel;
import io.dume.models.RouterWeights;
import io.dume.models.RoutingPolicy;
import io.dume.router.Router;
import io.dume.router.RouterEvent;
import io.dume.router.RouterHistory;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.PolicyChosen;
import io.dume.schemas.message.Training;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.apache.kafka.common.errors.RetriableException;

/**
 * Chooses the policy of a router that is followed, by held-out text. A choice is a record of the
 * control log, which the versions after it carry; one is asked for at once.
 */
final class FollowedPolicy {

  /** The request stands even after that: the version comes, only later. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** Makes the evaluator of the validation text for a version's gates. */
  @FunctionalInterface
  interface Evaluators {
    Evaluator of(RouterWeights weights) throws IOException;
  }

  private final KafkaSettings kafka;
  private final Topics topics;
  private final String router;
  private final PolicyChooser chooser;
  private final Evaluators evaluators;
  private final CliContext context;

  FollowedPolicy(
      KafkaSettings kafka,
      Topics topics,
      String router,
      PolicyChooser chooser,
      Evaluators evaluators,
      CliContext context) {
    this.kafka = kafka;
    this.topics = topics;
    this.router = router;
    this.chooser = chooser;
    this.evaluators = evaluators;
    this.context = context;
  }

  /**
   * Takes a version that was judged, and waits for the one that carries another policy, if another
   * is chosen.
   *
   * @param version of solved gates; those that were trained keep their policy, since only solved
   *     ones can be asked for
   */
  void next(Router version, MixtureModel mixture, RouterWeights weights)
      throws IOException, InterruptedException {
    if (version.description().getTraining().isPresent()) {
      return;
    }
    try {
      choose(version, mixture, weights);
    } catch (RuntimeException e) {
      requirePassing(e);
      context
          .console()
          .note(
              "the policy for version %d is left to the next one: %s"
                  .formatted(version.version(), e.getMessage()));
    }
  }

  /** Brokers that are away for a while are no reason to judge nothing any more. */
  static void requirePassing(RuntimeException e) {
    // What could not be written says so with its reason behind it.
    if (!(e instanceof RetriableException || e.getCause() instanceof RetriableException)) {
      throw e;
    }
  }

  private void choose(Router version, MixtureModel mixture, RouterWeights weights)
      throws IOException, InterruptedException {
    RoutingPolicies policies = new RoutingPolicies(kafka, topics, router);
    // The control log's, not the version's: what was chosen since it was solved is on its way.
    RoutingPolicy present =
        policies
            .current()
            .map(PolicyChosen::getPolicy)
            .map(Policies::of)
            .or(weights::policy)
            .orElse(RoutingPolicy.PAPER);
    // Experts may have left since.
    present = present.withChoice(Math.min(present.k(), weights.experts()), present.temperature());
    Evaluator evaluator = evaluators.of(weights);
    Optional<PolicySearch.Compared> change =
        chooser.next(
            version.version(),
            version.description().getSha256(),
            present,
            policy ->
                search(evaluator, version, mixture, weights).compare(mixture, weights, policy));
    if (change.isPresent() && !trainedMeanwhile(version)) {
      choose(policies, version, change.get());
    }
  }

  /** Only solved gates can be asked for, and they would take the place of trained ones. */
  private boolean trainedMeanwhile(Router version) {
    Optional<Router> newest;
    try (RouterHistory history = RouterHistory.open(kafka, topics, router)) {
      newest = history.newest();
    }
    Optional<Training> training = newest.flatMap(now -> now.description().getTraining());
    training.ifPresent(
        of ->
            context
                .console()
                .note(
                    "the policy found for version %d is not chosen: version %d, %s, came meanwhile and keeps its own"
                        .formatted(
                            version.version(),
                            newest.orElseThrow().version(),
                            TrainingRecord.brief(of))));
    return training.isPresent();
  }

  private PolicySearch search(
      Evaluator evaluator, Router version, MixtureModel mixture, RouterWeights weights) {
    return new PolicySearch(
        evaluator,
        judged ->
            context
                .console()
                .progress(
                    "policy for version %d: %s gives %.4f nats a token"
                        .formatted(version.version(), judged.policy(), judged.loss())));
  }

  private void choose(RoutingPolicies policies, Router version, PolicySearch.Compared change)
      throws InterruptedException {
    RoutingPolicy policy = change.best().policy();
    String figures =
        "%.4f nats a token where %s has %.4f"
            .formatted(change.best().loss(), change.present().policy(), change.present().loss());
    try {
      policies.choose(
          Policies.message(policy),
          "chosen by the evaluator on held-out text, with the gates of version %d: %s"
              .formatted(version.version(), figures));
      context.console().note("policy %s is chosen: %s".formatted(policy, figures));
      ask();
    } catch (AdministrationException e) {
      // What becomes of the fit is not the evaluator's to decide, and may change again.
      context.console().note("policy %s: %s".formatted(policy, e.getMessage()));
    }
  }

  private void ask() throws InterruptedException {
    try {
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      Optional<RouterEvent> answer =
          new CutRequests(kafka, topics, router)
              .ask(
                  Penalty.DEFAULT,
                  () -> context.stop().requested() || System.nanoTime() - deadline > 0);
      if (answer.isPresent() && answer.get() instanceof RouterEvent.Published published) {
        chooser.answered(published.version().getVersion());
      } else if (answer.isPresent() && answer.get() instanceof RouterEvent.Refused refused) {
        context
            .console()
            .note(
                "no version came for it, those that come carry it: "
                    + refused.refusal().getReason());
      } else {
        context.console().note("no version came for it yet; those that come carry it");
      }
    } catch (RuntimeException e) {
      requirePassing(e);
      context
          .console()
          .note("no version could be asked for, those that come carry it: " + e.getMessage());
    }
  }
}
