package io.dume.cli;

import io.dume.evaluator.Evaluator;
import io.dume.evaluator.Perplexity;
import io.dume.evaluator.RoutingChoice;
import io.dume.inspector.DriftAlarm;
import io.dume.inspector.Inspection;
import io.dume.models.MixtureModel;
import io.dume.models.RouterWeights;
import io.dume.models.RoutingPolicy;
import io.dume.router.Router;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Judges each version of a router as it comes, a row for each, until it is stopped. A version that
 * is not for the model is passed over while the model's directory does not catch up with it, and no
 * newer version comes.
 */
final class FollowedEvaluation {

  private static final Duration POLL = Duration.ofMillis(250);

  /** Makes the evaluator of the text for a version's gates. */
  @FunctionalInterface
  interface Evaluators {
    Evaluator of(RouterWeights weights) throws IOException;
  }

  /** Takes a version's figures. */
  @FunctionalInterface
  interface Rows {
    void judged(Map<String, Perplexity> judged) throws IOException;
  }

  private final VersionSource versions;
  private final FollowedModel model;
  private final Evaluators evaluators;
  private final RoutingOptions routing;
  private final Rows rows;
  private final Optional<FollowedPolicy> choosing;
  private final CliContext context;
  private final DriftAlarm alarm = new DriftAlarm();
  private boolean any;

  FollowedEvaluation(
      VersionSource versions,
      FollowedModel model,
      Evaluators evaluators,
      RoutingOptions routing,
      Rows rows,
      Optional<FollowedPolicy> choosing,
      CliContext context) {
    this.versions = versions;
    this.model = model;
    this.evaluators = evaluators;
    this.routing = routing;
    this.rows = rows;
    this.choosing = choosing;
    this.context = context;
  }

  /** Judges versions until the process is asked to stop. */
  void run() throws IOException, InterruptedException {
    StopSignal stop = context.stop();
    Optional<Router> upcoming = Optional.empty();
    Optional<Router> late = Optional.empty();
    while (!stop.requested()) {
      Optional<Router> next = upcoming.isPresent() ? upcoming : versions.next(POLL);
      if (next.isPresent()) {
        upcoming = versions.next(Duration.ZERO);
        alarm.next(next.get().description()).forEach(this::raise);
        late = next;
      }
      if (late.isPresent()) {
        Optional<MixtureModel> mixture = model.of(late.get());
        if (mixture.isPresent()) {
          // A policy for the newest gates alone: it takes longer than a version to come.
          judge(late.get(), mixture.get(), upcoming.isEmpty());
          late = Optional.empty();
        }
      }
    }
  }

  private void raise(Inspection.Drift drift) {
    context
        .console()
        .note(
            "ALARM: %s drifts: %d tokens since version %d are %.0f %% of the way to the nearest other expert's; `dume inspect` shows it, and what is fed to it is worth a look"
                .formatted(drift.expert(), drift.tokens(), drift.earlier(), 100 * drift.share()));
  }

  private void judge(Router version, MixtureModel mixture, boolean newest)
      throws IOException, InterruptedException {
    RouterWeights weights = VersionDocument.weights(version);
    Evaluator evaluator = evaluators.of(weights);
    RoutingPolicy policy = routing.policy(weights);
    Optional<Integer> asked = routing.askedChoice().filter(k -> k > weights.experts());
    if (asked.isPresent()) {
      requireJudgedBefore(version, asked.get());
      return;
    }
    Map<String, Perplexity> judged;
    try {
      judged = evaluator.mixture(mixture, new RoutingChoice.Gates(weights, policy));
    } catch (IllegalArgumentException e) {
      // Whoever may write versions can write one that no model takes: the next one may be whole.
      context
          .console()
          .note("version %d can't be judged: %s".formatted(version.version(), e.getMessage()));
      return;
    }
    any = true;
    StringBuilder row = new StringBuilder("version " + version.version());
    version
        .description()
        .getTraining()
        .ifPresent(training -> row.append(" (%s)".formatted(TrainingRecord.brief(training))));
    judged.forEach((domain, p) -> row.append("  %s %.3f".formatted(domain, p.value())));
    context.console().result(row.append("  by ").append(policy).toString());
    rows.judged(judged);
    if (newest && choosing.isPresent()) {
      choosing.get().next(version, mixture, weights);
    }
  }

  /** Who asks for more experts than there are is told at once; experts that go end nothing. */
  private void requireJudgedBefore(Router version, int asked) {
    String misfit =
        "version %d can't be judged: it has %d experts, and --top-k or --policy asks for %d"
            .formatted(version.version(), version.experts().size(), asked);
    if (!any) {
      throw new IllegalArgumentException(misfit);
    }
    context.console().note(misfit);
  }
}
