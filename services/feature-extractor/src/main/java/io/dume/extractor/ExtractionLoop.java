package io.dume.extractor;

import io.dume.schemas.control.ControlLog;
import io.dume.schemas.control.FitStatus;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.Fit;
import io.dume.schemas.wire.FormatUnavailableException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads token batches, extracts, flushes: one thread from the join to the last flush. */
final class ExtractionLoop implements ConsumerRebalanceListener {
  /** Why a loop ended. */
  enum End {
    /** Somebody said so. */
    STOPPED,
    /** The router is made from another fit now. */
    RETIRED,
    /** The fit never served, and never will. */
    REMOVED
  }

  private static final Logger LOG = LoggerFactory.getLogger(ExtractionLoop.class);

  /**
   * Short: the control log is looked at between two polls, and who asked for a cut waits for it.
   */
  private static final Duration POLL = Duration.ofMillis(20);

  private final Topics topics;
  private final Clock clock;
  private final ControlLog control;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final Duration batchTime;
  private final StartPositions starts;
  private final CountedLog countedLog;
  private final Flusher flusher;
  private final Fit fit;
  private final Extraction extraction;
  private final Consumer<ExtractorSnapshot> progress;
  private final Aborts aborts = new Aborts();
  private boolean live = true;
  private boolean served;

  /**
   * @param batchTime after which the rest of a batch is left for the next poll
   */
  ExtractionLoop(
      Topics topics,
      Clock clock,
      ControlLog control,
      Fit fit,
      Extraction extraction,
      KafkaConsumer<byte[], byte[]> consumer,
      Duration batchTime,
      StartPositions starts,
      CountedLog countedLog,
      Flusher flusher,
      Consumer<ExtractorSnapshot> progress) {
    this.topics = topics;
    this.clock = clock;
    this.control = control;
    this.fit = fit;
    this.extraction = extraction;
    this.consumer = consumer;
    this.batchTime = batchTime;
    this.starts = starts;
    this.countedLog = countedLog;
    this.flusher = flusher;
    this.progress = progress;
  }

  /** Works until told to stop, or until the fit is over, then flushes. */
  End run(BooleanSupplier stopping) {
    try {
      noteControl();
      consumer.subscribe(List.of(topics.tokenBatches()), this);
      while (!stopping.getAsBoolean() && open()) {
        control.poll(Duration.ZERO);
        noteControl();
        // Before it waits for records: a cut may have been asked for while it worked on the last.
        if (extraction.flushDue(clock.instant())) {
          flush();
        }
        ConsumerRecords<byte[], byte[]> batch = poll();
        if (!batch.isEmpty()) {
          // What a user did before these were sent is done before they are judged.
          catchUpWithControl();
        }
        if (process(batch, stopping)) {
          advance();
        }
        report();
      }
      if (!control.state().removed(fit.getId())) {
        flush();
      }
      report();
      return end();
    } finally {
      // Closing the consumer revokes its partitions, and that must not flush after a failure.
      live = false;
      extraction.release();
    }
  }

  private Optional<FitStatus> status() {
    return control.state().status(fit.getId());
  }

  private boolean open() {
    return status().filter(status -> status != FitStatus.RETIRED).isPresent();
  }

  private End end() {
    if (open()) {
      return End.STOPPED;
    }
    return served ? End.RETIRED : End.REMOVED;
  }

  private ConsumerRecords<byte[], byte[]> poll() {
    try {
      return consumer.poll(POLL);
    } catch (KafkaException e) {
      // What a rebalance callback throws comes out wrapped.
      if (e.getCause() instanceof ExtractorException inCallback) {
        throw inCallback;
      }
      throw e;
    }
  }

  private void catchUpWithControl() {
    Attempts.at(
        "end of the control log",
        () -> {
          control.catchUp();
          return control.state();
        });
    noteControl();
  }

  private void noteControl() {
    control
        .state()
        .failure(fit.getId())
        .ifPresent(
            reason -> {
              throw new ExtractorException(
                  "the fit of router %s was stopped: %s; make a new one from token-batches (dume replay)"
                      .formatted(control.state().router(fit.getId()).orElse(""), reason));
            });
    served |= status().filter(status -> status != FitStatus.CANDIDATE).isPresent();
    if (open()) {
      extraction.controlChanged();
    }
  }

  /** Returns false if some of the records were not processed. */
  private boolean process(ConsumerRecords<byte[], byte[]> batch, BooleanSupplier stopping) {
    Instant late = clock.instant().plus(batchTime);
    for (ConsumerRecord<byte[], byte[]> record : batch) {
      if (clock.instant().isAfter(late)) {
        leaveRest();
        return false;
      }
      if (stopping.getAsBoolean() || !open() || !processOrLeave(record)) {
        return false;
      }
    }
    return open();
  }

  /** The group takes a worker that does not poll for dead, and what it has not flushed is lost. */
  private void leaveRest() {
    if (flush()) {
      extraction.processed().forEach((partition, next) -> consumer.seek(of(partition), next));
    }
  }

  private TopicPartition of(int partition) {
    return new TopicPartition(topics.tokenBatches(), partition);
  }

  /** Returns false if the record comes again. */
  private boolean processOrLeave(ConsumerRecord<byte[], byte[]> record) {
    try {
      return process(record);
    } catch (FormatUnavailableException e) {
      // Whether the record is good can't be said now. Between two attempts the loop polls, so the
      // group keeps the worker, and it can be stopped.
      LOG.warn("waiting at {} {}: {}", record.topic(), record.offset(), e.getMessage());
      leaveRest();
      return false;
    }
  }

  /** Returns false if a flush was aborted, so that the records come again. */
  private boolean process(ConsumerRecord<byte[], byte[]> record) {
    while (extraction.take(record, clock.instant()) == Extraction.Step.FLUSH_FIRST) {
      if (!flush()) {
        return false;
      }
    }
    return !extraction.flushDue(clock.instant()) || flush();
  }

  private void advance() {
    for (TopicPartition partition : consumer.assignment()) {
      extraction.advance(
          partition.partition(), Attempts.at("position", () -> consumer.position(partition)));
    }
  }

  /** Publishes all there is; returns false if it was aborted and everything must be read again. */
  private boolean flush() {
    if (extraction.nothingNew()) {
      return true;
    }
    Optional<KafkaException> aborted =
        flusher.publish(extraction, clock.instant(), consumer::groupMetadata);
    if (aborted.isPresent()) {
      startOver(aborted.get());
      return false;
    }
    aborts.reset();
    extraction.committed(clock.instant());
    return true;
  }

  private void startOver(KafkaException cause) {
    aborts.count(cause);
    LOG.warn("a flush was aborted and its records are read again: {}", cause.getMessage());
    extraction.aborted();
    assign(consumer.assignment());
  }

  /** First the offsets, whose answer waits for open flushes, then the ids that came with them. */
  private void assign(Collection<TopicPartition> partitions) {
    Map<Integer, Long> positions = new HashMap<>();
    starts
        .of(partitions)
        .forEach(
            (partition, position) -> {
              consumer.seek(partition, position);
              positions.put(partition.partition(), position);
            });
    extraction.assign(positions);
    countedLog.restore(positions.keySet(), extraction);
  }

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
    if (!live) {
      return;
    }
    assign(partitions);
    LOG.info("has partitions {}", extraction.processed().keySet());
    report();
  }

  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
    if (live) {
      flush();
    }
    extraction.release();
    report();
  }

  @Override
  public void onPartitionsLost(Collection<TopicPartition> partitions) {
    LOG.warn("lost partitions {}; what was not flushed is read again by others", partitions);
    boolean inVain = extraction.release();
    report();
    if (live && inVain) {
      aborts.count(
          new KafkaException(
              "partitions were lost before a flush: the group heard nothing of this worker, or a record took longer than consumer.max.poll.interval.ms, which can be raised"));
    }
  }

  private void report() {
    ExtractorSnapshot now = extraction.snapshot();
    Map<Integer, Long> ends = new HashMap<>();
    // Never asks the cluster: figures must not be what a worker waits for.
    now.positions()
        .forEach(
            (partition, at) ->
                consumer
                    .currentLag(of(partition))
                    .ifPresent(lag -> ends.put(partition, at.processed() + lag)));
    progress.accept(now.withEnds(ends));
  }
}
