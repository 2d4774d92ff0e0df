package io.dume.administration;

import io.dume.router.RouterEvent;
import io.dume.router.RouterHistory;
import io.dume.schemas.control.ControlLog;
import io.dume.schemas.control.ControlState;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.PartitionOffset;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.apache.avro.specific.SpecificRecord;

/** Asks for a version of all token batches that are there now, and waits for the answer. */
public final class CutRequests {
  private static final Duration POLL = Duration.ofMillis(250);

  private final KafkaSettings kafka;
  private final Topics topics;
  private final String router;

  /**
   * @param kafka how to reach the cluster
   * @param topics the installation
   * @param router the router's name
   */
  public CutRequests(KafkaSettings kafka, Topics topics, String router) {
    this.kafka = kafka;
    this.topics = topics;
    this.router = router;
  }

  /**
   * Asks, and waits until there is a version or a refusal.
   *
   * @param penalty the ridge penalty of this version
   * @param stop ends the waiting; called several times a second, and may throw
   * @return the answer, or nothing if the waiting was ended
   * @throws AdministrationException if the fit was stopped, or can't hold what is there
   * @throws InterruptedException if interrupted while the broker answers
   */
  public Optional<RouterEvent> ask(Penalty penalty, BooleanSupplier stop)
      throws InterruptedException {
    List<PartitionOffset> ends = new TokenBatchOffsets(kafka, topics).ends();
    String request = UUID.randomUUID().toString();
    CutRequested message =
        new CutRequested(
            router, request, ends, penalty.fixed().orElse(null), penalty.isChosenByError());
    return ask(message, request, ends, stop);
  }

  /** Appends a request of either kind and waits for the version or refusal that names it. */
  Optional<RouterEvent> ask(
      SpecificRecord message, String request, List<PartitionOffset> ends, BooleanSupplier stop)
      throws InterruptedException {
    // Opened first, so that the answer can't come before somebody listens.
    try (RouterHistory history = RouterHistory.open(kafka, topics, router);
        ControlLog log = new ControlLog(kafka, topics)) {
      if (!log.append(message)) {
        throw new AdministrationException(
            "the request was not taken: the fit failed, was removed, or serves already; `dume fits list` shows it");
      }
      while (!stop.getAsBoolean()) {
        for (RouterEvent event : history.next(POLL)) {
          if (requests(event).contains(request)) {
            return Optional.of(event);
          }
        }
        log.poll(Duration.ZERO);
        requireAnswerable(log.state(), ends);
      }
      return Optional.empty();
    }
  }

  /** While the router has no fit, a worker may still be on its way to create one. */
  private void requireAnswerable(ControlState state, List<PartitionOffset> ends) {
    Optional<Fit> fit = state.fit(router);
    if (fit.isEmpty()) {
      return;
    }
    state
        .failure(fit.get().getId())
        .ifPresent(
            reason -> {
              throw new AdministrationException(
                  "the fit of router %s was stopped, and gives no version any more: %s"
                      .formatted(router, reason));
            });
    if (fit.get().getStart().size() < ends.size()) {
      throw new AdministrationException(
          "%s has %d partitions, and had %d when the fit of router %s began: what is in the others is in no version; use a new installation (another --topic-prefix)"
              .formatted(topics.tokenBatches(), ends.size(), fit.get().getStart().size(), router));
    }
  }

  private static List<String> requests(RouterEvent event) {
    return event instanceof RouterEvent.Published published
        ? published.version().getRequests()
        : ((RouterEvent.Refused) event).refusal().getRequests();
  }
}
