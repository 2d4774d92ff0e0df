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
   * @throws IllegalStateException if the topics are missing, or others kept taking the router over
   */
  public RouterVersion publish(TrainedGates gates) {
    AbandonedException last = null;
    try (ControlLog control = new ControlLog(config.kafka(), config.topics());
        RouterHistory history =
            RouterHistory.open(config.kafka(), config.topics(), config.router())) {
      RouterVersion start = start(history, gates);
      PublicationCheck check = new PublicationCheck(start, gates);
      for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        // Before anybody is fenced, so that gates that don't fit disturb nobody.
        control.catchUp();
        check.require(control.state());
        try {
          return publish(check, control, history);
        } catch (AbandonedException e) {
          last = e;
        }
      }
    }
    throw new IllegalStateException(
        "router %s could not be taken over in %d attempts: %s; try again when the cluster and the router's solvers are at rest"
            .formatted(config.router(), ATTEMPTS, last.getMessage()),
        last);
  }

  private RouterVersion publish(PublicationCheck check, ControlLog control, RouterHistory history) {
    try (Publisher publisher = Publisher.takeOver(config);
        CommittedCuts cuts = new CommittedCuts(config)) {
      CommittedCuts.Position position = cuts.position();
      publisher.stayAbove(position.lastVersion());
      // Now that no solver publishes beside this: what the router is may have changed meanwhile.
      control.catchUp();
      check.require(control.state());
      List<Keyed> messages =
          RouterMessages.trained(
              check.start(),
              check.gates(),
              publisher.nextVersion(),
              config.partBytes(),
              clock.instant().truncatedTo(ChronoUnit.MILLIS));
      RouterVersion version = (RouterVersion) messages.get(messages.size() - 1).message();
      Optional<RouterVersion> newest = history.newest().map(Router::description);
      if (newest.filter(there -> sameBut(there, version)).isPresent()) {
        // Somebody did it before, or this did, and the cluster did not get to say so.
        return newest.get();
      }
      publisher.publish(messages, List.of(), position.next(), cuts.group());
      return version;
    }
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

  /** The same but for number and time. */
  private static boolean sameBut(RouterVersion there, RouterVersion version) {
    return RouterVersion.newBuilder(there)
        .setVersion(version.getVersion())
        .setCreatedAt(Instant.EPOCH)
        .build()
        .equals(RouterVersion.newBuilder(version).setCreatedAt(Instant.EPOCH).build());
  }
}
