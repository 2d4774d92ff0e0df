package io.dume.cli;

import io.dume.router.RouterEvent;
import io.dume.router.RouterHistory;
import io.dume.schemas.control.ControlLog;
import io.dume.schemas.control.ControlState;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.message.RouterVersion;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;

/** Asks for a version of all token batches that are there now, and waits for the answer. */
final class CutRequests {

  private static final Duration POLL = Duration.ofMillis(250);

  private final KafkaSettings kafka;
  private final Topics topics;
  private final String router;

  CutRequests(KafkaSettings kafka, Topics topics, String router) {
    this.kafka = kafka;
    this.topics = topics;
    this.router = router;
  }

  /**
   * Asks, and waits until there is a version or a refusal.
   *
   * @param lambda the ridge penalty; the solver's own when absent
   * @param stop ends the waiting; called several times a second, and may throw
   * @return the answer, or nothing if the waiting was ended
   */
  Optional<RouterEvent> ask(OptionalDouble lambda, BooleanSupplier stop)
      throws InterruptedException {
    String request = UUID.randomUUID().toString();
    // Opened first, so that the answer can't come before somebody listens.
    try (RouterHistory history = RouterHistory.open(kafka, topics, router)) {
      List<PartitionOffset> ends = ends();
      try (ControlLog log = new ControlLog(kafka, topics)) {
        log.append(
            new CutRequested(
                router, request, ends, lambda.isPresent() ? lambda.getAsDouble() : null));
        while (!stop.getAsBoolean()) {
          for (RouterEvent event : history.next(POLL)) {
            if (requests(event).contains(request)) {
              return Optional.of(event);
            }
          }
          log.poll(Duration.ZERO);
          requireAnswerable(log.state(), ends);
        }
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
              throw new IllegalStateException(
                  "the fit of router %s was stopped, and gives no version any more: %s"
                      .formatted(router, reason));
            });
    if (fit.get().getStart().size() < ends.size()) {
      throw new IllegalStateException(
          "%s has %d partitions, and had %d when the fit of router %s began: what is in the others is in no version; use a new installation (another --topic-prefix)"
              .formatted(topics.tokenBatches(), ends.size(), fit.get().getStart().size(), router));
    }
  }

  /**
   * Asks, and waits until there is a version.
   *
   * @param stop ends the waiting; called several times a second, and may throw
   * @return the version
   * @throws StoppedException if the waiting was ended
   * @throws IllegalStateException with the reason, if the cut was refused
   */
  RouterVersion version(BooleanSupplier stop) throws InterruptedException {
    RouterEvent answer =
        ask(OptionalDouble.empty(), stop)
            .orElseThrow(() -> new StoppedException("stopped before there was a version"));
    if (answer instanceof RouterEvent.Refused refused) {
      throw new IllegalStateException("no router: " + refused.refusal().getReason());
    }
    return ((RouterEvent.Published) answer).version();
  }

  private static List<String> requests(RouterEvent event) {
    return event instanceof RouterEvent.Published published
        ? published.version().getRequests()
        : ((RouterEvent.Refused) event).refusal().getRequests();
  }

  private List<PartitionOffset> ends() throws InterruptedException {
    try (Admin admin = Admin.create(kafka.admin())) {
      int partitions =
          Topics.partitions(admin, topics.tokenBatches())
              .orElseThrow(
                  () ->
                      new IllegalStateException(
                          "topic %s does not exist at %s: start `dume up` or a service first, or check --topic-prefix"
                              .formatted(topics.tokenBatches(), kafka.bootstrapServers())));
      List<TopicPartition> all = new ArrayList<>();
      for (int p = 0; p < partitions; p++) {
        all.add(new TopicPartition(topics.tokenBatches(), p));
      }
      Map<TopicPartition, ListOffsetsResultInfo> ends =
          admin
              .listOffsets(all.stream().collect(Collectors.toMap(p -> p, p -> OffsetSpec.latest())))
              .all()
              .get();
      return all.stream()
          .map(p -> new PartitionOffset(p.partition(), ends.get(p).offset()))
          .toList();
    } catch (ExecutionException e) {
      throw new IllegalStateException(
          "the ends of %s could not be read: %s"
              .formatted(topics.tokenBatches(), e.getCause().getMessage()),
          e.getCause());
    }
  }
}
