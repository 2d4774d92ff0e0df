package io.dume.solver;

import io.dume.router.Router;
import io.dume.router.RouterHistory;
import io.dume.schemas.control.ControlLog;
import io.dume.schemas.message.RouterVersion;
import io.dume.solver.RouterMessages.Keyed;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/**
 * Publishes gates that were trained as the next version of a router.
 *
 * <p>For one transaction this is the router's publisher: it fences the active solver, which notices
 * at its next version, drops it, takes over again and works on the same cut anew. So numbers follow
 * each other without a gap, whoever publishes, and no cut is lost. Whatever happens before the
 * transaction ends, there is the whole version or nothing.
 *
 * <p>Thread-safe: each call opens clients of its own.
 */
public final class RouterPublication {
  /** Each needs a solver that takes over within the moment between fencing and committing. */
  private static final int ATTEMPTS = 5;

  private final SolverConfig config;
  private final Clock clock;

  /**
   * @param config the cluster, the installation, the router and the size of parts; what is about
   *     solving is not used
   * @param clock for the time in the version
   */
  public RouterPublication(SolverConfig config, Clock clock) {
    this.config = config;
    this.clock = clock;
  }

  /**
   * Publishes gates. Publishing those that the newest version has already changes nothing.
   *
   * @param gates the gates
   * @return the version that has them
   * @throws IllegalArgumentException if the gates are not for the router as it is now; the message
   *     says why, and what would do
   * @throws IllegalStateException if the topics are missing, if others kept taking the router over
   *     or the cluster did not answer, or if the thread was interrupted, which it then still is;
   *     once publishing has begun the version may be there, and to publish again does no harm
   */
  public RouterVersion publish(TrainedGates gates) {
    try (ControlLog control = new ControlLog(config.kafka(), config.topics());
        RouterHistory history =
            RouterHistory.open(config.kafka(), config.topics(), config.router())) {
      PublicationCheck check = new PublicationCheck(start(history, gates), gates);
      return Abandonment.retried(
          "publishing trained gates of router " + config.router(),
          ATTEMPTS,
          () -> {
            // Before anybody is fenced, so that gates that don't fit, or are there, disturb nobody.
            Optional<RouterVersion> there = there(check, control, history);
            return there.isPresent() ? there.get() : publish(check, control, history);
          });
    }
  }

  private RouterVersion publish(PublicationCheck check, ControlLog control, RouterHistory history) {
    try (Publisher publisher = Publisher.takeOver(config);
        CommittedCuts cuts = new CommittedCuts(config)) {
      CommittedCuts.Position position = cuts.position();
      publisher.stayAbove(position.lastVersion());
      // Now that no solver publishes beside this: what the router is may have changed meanwhile.
      Optional<RouterVersion> there = there(check, control, history);
      if (there.isPresent()) {
        return there.get();
      }
      List<Keyed> messages =
          messages(check, publisher.nextVersion(), clock.instant().truncatedTo(ChronoUnit.MILLIS));
      publisher.publish(messages, List.of(), position.next(), cuts.group());
      return version(messages);
    }
  }

  /**
   * The newest version, if it has the gates: somebody published them before, or this did, and the
   * cluster did not get to say so.
   *
   * @throws IllegalArgumentException if the gates are not for the router as it is now
   */
  private Optional<RouterVersion> there(
      PublicationCheck check, ControlLog control, RouterHistory history) {
    control.catchUp();
    check.require(control.state());
    return history
        .newest()
        .map(Router::description)
        .filter(
            newest ->
                version(messages(check, newest.getVersion(), newest.getCreatedAt()))
                    .equals(newest));
  }

  private List<Keyed> messages(PublicationCheck check, long number, Instant now) {
    return RouterMessages.trained(check.start(), check.gates(), number, config.partBytes(), now);
  }

  private static RouterVersion version(List<Keyed> messages) {
    return (RouterVersion) messages.get(messages.size() - 1).message();
  }

  private RouterVersion start(RouterHistory history, TrainedGates gates) {
    long number = gates.training().getStart();
    return history
        .description(number)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "router %s has no version %d, which the gates were trained from: take the router and the installation that it was exported from"
                        .formatted(config.router(), number)));
  }
}
