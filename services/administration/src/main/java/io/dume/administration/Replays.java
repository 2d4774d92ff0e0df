package io.dume.administration;

import io.dume.router.RouterEvent;
import io.dume.schemas.control.ControlLog;
import io.dume.schemas.control.FitStatus;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitPromoted;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.wire.Ids;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * Replays of one router: a fit grows from the topic beside the one that serves, and when it has
 * caught up the router moves over. Everything that matters is in the topics (the fit, its workers'
 * committed offsets, the promotion), so whoever watches can be killed and begin again. One thread
 * at a time.
 */
public final class Replays {
  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(250);

  /** Flushes come every few seconds; a head this old has been flushed if nobody is behind. */
  private static final Duration SETTLED = Duration.ofSeconds(15);

  private final KafkaSettings kafka;
  private final Topics topics;
  private final String router;
  private final Clock clock;
  private final TokenBatchOffsets offsets;

  /**
   * @param kafka how to reach the cluster
   * @param topics the installation
   * @param router the router's name
   * @param clock for the time that is left
   */
  public Replays(KafkaSettings kafka, Topics topics, String router, Clock clock) {
    this.kafka = kafka;
    this.topics = topics;
    this.router = router;
    this.clock = clock;
    this.offsets = new TokenBatchOffsets(kafka, topics);
  }

  /**
   * Waits until a replay has caught up with the head. Somebody must be working on it.
   *
   * @param fit the replay's fit
   * @param look gets the progress several times a second; may throw to end the waiting
   * @param stop ends the waiting
   * @return true if it has caught up, false if the waiting was ended
   * @throws InterruptedException if interrupted
   */
  public boolean awaitHead(Fit fit, Consumer<ReplayProgress> look, BooleanSupplier stop)
      throws InterruptedException {
    Pace pace = new Pace(clock);
    Deque<Head> heads = new ArrayDeque<>();
    try (Admin admin = Admin.create(kafka.admin())) {
      while (!stop.getAsBoolean()) {
        Instant now = clock.instant();
        List<PartitionOffset> ends = offsets.ends(admin);
        Map<Integer, Long> flushed = flushed(admin, fit);
        heads.addLast(new Head(now, ends));
        look.accept(pace.progress(fit, flushed, ends));
        if (reaches(flushed, ends)) {
          return true;
        }
        while (heads.size() > 1 && !heads.peekFirst().seen().plus(SETTLED).isAfter(now)) {
          // While data comes nobody is ever at the very head; to be where it just was is enough.
          if (reaches(flushed, heads.peekFirst().ends())) {
            return true;
          }
          heads.removeFirst();
        }
        TimeUnit.MILLISECONDS.sleep(BETWEEN_LOOKS.toMillis());
      }
    }
    return false;
  }

  private record Head(Instant seen, List<PartitionOffset> ends) {}

  private static boolean reaches(Map<Integer, Long> flushed, List<PartitionOffset> ends) {
    return ends.stream().allMatch(e -> flushed.getOrDefault(e.getPartition(), 0L) >= e.getOffset());
  }

  /** By partition, the position up to which flushes cover the fit. */
  private Map<Integer, Long> flushed(Admin admin, Fit fit) throws InterruptedException {
    Map<Integer, Long> flushed = new HashMap<>();
    fit.getStart().forEach(s -> flushed.put(s.getPartition(), s.getOffset()));
    try {
      Map<TopicPartition, OffsetAndMetadata> committed =
          admin
              .listConsumerGroupOffsets(topics.workers(fit.getId()))
              .partitionsToOffsetAndMetadata()
              .get();
      committed.forEach(
          (partition, offset) -> {
            if (offset != null && partition.topic().equals(topics.tokenBatches())) {
              flushed.put(partition.partition(), offset.offset());
            }
          });
    } catch (ExecutionException e) {
      throw new AdministrationException(
          "the progress of fit %s could not be read: %s"
              .formatted(topics.workers(fit.getId()), e.getCause().getMessage()),
          e.getCause());
    }
    return flushed;
  }

  /**
   * Lets the router move over to a fit, and waits for the version that it begins with. If it serves
   * already, as when whoever promoted it was killed, asks for a version of it.
   *
   * @param fit a fit of the router
   * @param stop ends the waiting; the router moves over nevertheless
   * @return the version or the refusal, or nothing if the waiting was ended
   * @throws AdministrationException if the fit can't serve: it failed, is gone, an expert of its
   *     list has no tokens, or the router's domains were changed while it grew
   * @throws InterruptedException if interrupted while the broker answers
   */
  public Optional<RouterEvent> promote(Id fit, BooleanSupplier stop) throws InterruptedException {
    return promote(fit, true, stop);
  }

  /**
   * Like {@link #promote}, whatever was changed in the router's domains meanwhile.
   *
   * @param fit a fit of the router
   * @param stop ends the waiting; the router moves over nevertheless
   * @return the version or the refusal, or nothing if the waiting was ended
   * @throws AdministrationException if the fit can't serve: it failed, is gone, or an expert of its
   *     list has no tokens
   * @throws InterruptedException if interrupted while the broker answers
   */
  public Optional<RouterEvent> promoteAsItIs(Id fit, BooleanSupplier stop)
      throws InterruptedException {
    return promote(fit, false, stop);
  }

  private Optional<RouterEvent> promote(Id fit, boolean upToDate, BooleanSupplier stop)
      throws InterruptedException {
    CutRequests requests = new CutRequests(kafka, topics, router);
    try (ControlLog log = new ControlLog(kafka, topics)) {
      if (log.state().status(fit).equals(Optional.of(FitStatus.SERVING))
          && log.state().router(fit).equals(Optional.of(router))) {
        return requests.ask(Penalty.DEFAULT, stop);
      }
      requirePromotable(log, fit);
      if (upToDate) {
        // Counting the tokens above can take minutes.
        log.catchUp();
        requireUpToDate(log, fit);
      }
    }
    List<PartitionOffset> ends = offsets.ends();
    String request = UUID.randomUUID().toString();
    return requests.ask(new FitPromoted(router, fit, request, ends), request, ends, stop);
  }

  private void requireUpToDate(ControlLog log, Id fit) {
    ChangesMeanwhile.of(log.state(), router, fit)
        .text()
        .ifPresent(
            changes -> {
              throw new AdministrationException(
                  "router %s was changed while fit %s grew: %s; replay again, or move over as it is: dume fits promote %s"
                      .formatted(router, Ids.hex(fit), changes, Ids.hex(fit)));
            });
  }

  private void requirePromotable(ControlLog log, Id fit) {
    FitStatusText status = new FitStatusText(log.state(), router, fit);
    status.requireOther();
    ExpertsChanged list =
        log.state()
            .experts(fit)
            .orElseThrow(
                () ->
                    new AdministrationException(
                        "the fit has no list of experts yet: nothing was counted in it"));
    Map<String, Long> tokens = new CountedTokens(kafka, topics).of(fit);
    for (var expert : list.getExperts()) {
      long counted =
          list.getDomains().stream()
              .filter(d -> d.getExpert().equals(expert.getName()))
              .map(DomainExpert::getDomain)
              .mapToLong(d -> tokens.getOrDefault(d, 0L))
              .sum();
      if (counted == 0) {
        throw new AdministrationException(
            "expert %s has no tokens in this fit, so there could be no version of it: feed some, or leave its domains out"
                .formatted(expert.getName()));
      }
    }
  }
}
