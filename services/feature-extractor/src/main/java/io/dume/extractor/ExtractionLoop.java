package io.dume.extractor;

import io.dume.schemas.control.ControlLog;
import io.dume.schemas.control.Fits;
import io.dume.schemas.message.CoveredRange;
import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.Id;
import io.dume.schemas.wire.Ids;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads token batches, sums, flushes: one thread from the join to the last flush. */
final class ExtractionLoop implements ConsumerRebalanceListener {
  private static final Logger LOG = LoggerFactory.getLogger(ExtractionLoop.class);
  private static final Duration POLL = Duration.ofMillis(100);

  private final FeatureExtractorConfig config;
  private final ExtractionModel model;
  private final Clock clock;
  private final ControlLog control;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final Duration batchTime;
  private final StartPositions starts;
  private final Flusher flusher;
  private final Fit fit;
  private final Accumulator accumulator;
  private final Consumer<ExtractorSnapshot> progress;
  private final Positions positions = new Positions();
  private final PendingLetters letters = new PendingLetters();
  private final OpenCuts cuts = new OpenCuts();
  private RecordCheck check;
  private Optional<Instant> firstUnflushed = Optional.empty();
  private Duration lastFlush = Duration.ZERO;
  private final Aborts aborts = new Aborts();
  private boolean live = true;
  private ExtractorSnapshot done = ExtractorSnapshot.NOTHING;

  /**
   * @param batchTime after which the rest of a batch is left for the next poll
   */
  ExtractionLoop(
      FeatureExtractorConfig config,
      ExtractionModel model,
      Clock clock,
      ControlLog control,
      Fits.Joined joined,
      KafkaConsumer<byte[], byte[]> consumer,
      Duration batchTime,
      Flusher flusher,
      Accumulator accumulator,
      Consumer<ExtractorSnapshot> progress) {
    this.config = config;
    this.model = model;
    this.clock = clock;
    this.control = control;
    this.fit = joined.fit();
    this.consumer = consumer;
    this.batchTime = batchTime;
    this.starts =
        new StartPositions(fit, consumer, new FlushedOffsets(config.kafka(), config.topics(), fit));
    this.flusher = flusher;
    this.accumulator = accumulator;
    this.progress = progress;
    use(joined.experts());
  }

  /** Works until told to stop, then flushes. */
  void run(BooleanSupplier stopping) {
    try {
      requireHealthyFit();
      consumer.subscribe(List.of(config.topics().tokenBatches()), this);
      while (!stopping.getAsBoolean()) {
        followControl();
        if (process(poll(), stopping)) {
          for (TopicPartition partition : consumer.assignment()) {
            positions.advance(
                partition.partition(), Attempts.at("position", () -> consumer.position(partition)));
          }
        }
        if (due()) {
          flush();
        }
        report();
      }
      flush();
      report();
    } finally {
      // Closing the consumer revokes its partitions, and that must not flush after a failure.
      live = false;
    }
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

  private void followControl() {
    for (SpecificRecord message : control.poll(Duration.ZERO)) {
      if (message instanceof CutRequested request
          && request.getRouter().equals(config.fit().router())) {
        cuts.add(request);
      } else if (message instanceof ExpertsChanged changed
          && changed.getRouter().equals(config.fit().router())) {
        use(changed);
      }
    }
    requireHealthyFit();
  }

  private void catchUpWithControl() {
    Attempts.at(
        "end of the control log",
        () -> {
          control.catchUp();
          return control.state();
        });
    control.state().experts(config.fit().router()).ifPresent(this::use);
    resetCuts();
    requireHealthyFit();
  }

  private void resetCuts() {
    cuts.reset(
        control.state().requests().values().stream()
            .filter(request -> request.getRouter().equals(config.fit().router()))
            .toList());
  }

  private void requireHealthyFit() {
    control
        .state()
        .failure(fit.getId())
        .ifPresent(
            reason -> {
              throw new ExtractorException(
                  "the fit of router %s was stopped: %s; start a new one under another router name (--router-name) with a label of its own"
                      .formatted(config.fit().router(), reason));
            });
  }

  private void use(ExpertsChanged experts) {
    check = new RecordCheck(fit, new Domains(experts, model.identity().experts()));
  }

  /** Returns false if some of the records were not processed. */
  private boolean process(ConsumerRecords<byte[], byte[]> batch, BooleanSupplier stopping) {
    Instant late = clock.instant().plus(batchTime);
    for (ConsumerRecord<byte[], byte[]> record : batch) {
      if (clock.instant().isAfter(late)) {
        leaveRest();
        return false;
      }
      if (stopping.getAsBoolean() || !process(record) || (due() && !flush())) {
        return false;
      }
    }
    return true;
  }

  /** The group takes a worker that does not poll for dead, and what it has not flushed is lost. */
  private void leaveRest() {
    if (flush()) {
      positions
          .nextPositions()
          .forEach(
              (partition, next) ->
                  consumer.seek(
                      new TopicPartition(config.topics().tokenBatches(), partition), next));
    }
  }

  private boolean process(ConsumerRecord<byte[], byte[]> record) {
    Verdict verdict = judge(record);
    if (verdict instanceof Verdict.Refused unknown && unknown.reason() == Reason.UNKNOWN_DOMAIN) {
      // The domain may be newer than what was read of the control log so far.
      catchUpWithControl();
      verdict = judge(record);
    }
    if (verdict instanceof Verdict.Refused refused) {
      setAside(record, refused);
      return true;
    }
    return process(record, (Verdict.Accepted) verdict);
  }

  private Verdict judge(ConsumerRecord<byte[], byte[]> record) {
    return check.judge(orEmpty(record.key()), orEmpty(record.value()));
  }

  private boolean process(ConsumerRecord<byte[], byte[]> record, Verdict.Accepted accepted) {
    Slot slot = accepted.slot();
    try (RecordFeatures features = model.extract(slot.expert(), accepted.sequences())) {
      if (features.tokens() != accepted.tokens()) {
        throw new ExtractorException(
            "the model gave features of %d tokens for a record of %d"
                .formatted(features.tokens(), accepted.tokens()));
      }
      Optional<Verdict.Refused> refused = accumulator.check(features);
      if (refused.isPresent()) {
        setAside(record, refused.get());
        return true;
      }
      if (!accumulator.hasRoomFor(slot, features) && !flush()) {
        return false;
      }
      accumulator.add(slot, features);
      positions.processed(record.partition(), record.offset());
      return true;
    } catch (ExtractorException | KafkaException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new ExtractorException(
          "%s, partition %d, offset %d (%d tokens of domain %s) could not be extracted: %s"
              .formatted(
                  record.topic(),
                  record.partition(),
                  record.offset(),
                  accepted.tokens(),
                  slot.domain(),
                  e.getMessage()),
          e);
    }
  }

  private static byte[] orEmpty(byte[] bytes) {
    return bytes == null ? new byte[0] : bytes;
  }

  private void setAside(ConsumerRecord<byte[], byte[]> record, Verdict.Refused refused) {
    LOG.warn(
        "{} partition {} offset {} goes to dead-letters: {}: {}",
        record.topic(),
        record.partition(),
        record.offset(),
        refused.reason().wire(),
        refused.detail());
    letters.add(record, refused, clock.instant());
    positions.setAside(record.partition(), record.offset(), refused.reason());
  }

  private boolean due() {
    if (positions.nothingNew()) {
      return false;
    }
    Instant now = clock.instant();
    Instant first = firstUnflushed.orElse(now);
    firstUnflushed = Optional.of(first);
    return !now.isBefore(first.plus(config.flush().after(lastFlush)))
        || accumulator.tokens() >= config.flush().tokens()
        || letters.full()
        || cuts.due(positions);
  }

  /** Publishes all there is; returns false if it was aborted and everything must be read again. */
  private boolean flush() {
    if (positions.nothingNew()) {
      return true;
    }
    Id id = Ids.random();
    Instant start = clock.instant();
    List<CoveredRange> ranges = positions.ranges();
    Optional<KafkaException> aborted =
        flusher.publish(id, accumulator, ranges, letters, consumer::groupMetadata);
    if (aborted.isPresent()) {
      startOver(aborted.get());
      return false;
    }
    aborts.reset();
    lastFlush = Duration.between(start, clock.instant());
    log(id, start);
    done =
        new ExtractorSnapshot(
            done.partitions(),
            done.records() + accumulator.records(),
            done.tokens() + accumulator.tokens(),
            done.setAside() + letters.letters().size(),
            done.flushes() + 1,
            0,
            0);
    positions.flushed();
    drop();
    return true;
  }

  private void log(Id id, Instant start) {
    if (!LOG.isInfoEnabled()) {
      return;
    }
    Duration since = Duration.between(firstUnflushed.orElse(start), start);
    LOG.info(
        "flush {}: {} records, {} tokens ({} a second), {} set aside, sent in {} ms",
        Ids.hex(id),
        accumulator.records(),
        accumulator.tokens(),
        accumulator.tokens() * 1000 / Math.max(1, since.toMillis()),
        letters.letters().size(),
        lastFlush.toMillis());
  }

  private void startOver(KafkaException cause) {
    aborts.count(cause);
    LOG.warn("a flush was aborted and its records are read again: {}", cause.getMessage());
    drop();
    seek(consumer.assignment());
  }

  private void drop() {
    accumulator.clear();
    letters.clear();
    firstUnflushed = Optional.empty();
  }

  private void seek(Collection<TopicPartition> partitions) {
    starts
        .of(partitions)
        .forEach(
            (partition, position) -> {
              consumer.seek(partition, position);
              positions.assign(partition.partition(), position);
            });
  }

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
    if (!live) {
      return;
    }
    seek(partitions);
    resetCuts();
    LOG.info("has partitions {}", positions.flushedPositions().keySet());
    report();
  }

  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
    if (live) {
      flush();
    }
    forget(partitions);
  }

  @Override
  public void onPartitionsLost(Collection<TopicPartition> partitions) {
    LOG.warn("lost partitions {}; what was not flushed is read again by others", partitions);
    boolean inVain = live && !positions.nothingNew();
    forget(partitions);
    drop();
    if (inVain) {
      aborts.count(
          new KafkaException(
              "partitions were lost before a flush: the group heard nothing of this worker, or a record took longer than consumer.max.poll.interval.ms, which can be raised"));
    }
  }

  private void forget(Collection<TopicPartition> partitions) {
    partitions.forEach(partition -> positions.remove(partition.partition()));
    report();
  }

  private void report() {
    done =
        new ExtractorSnapshot(
            positions.flushedPositions().size(),
            done.records(),
            done.tokens(),
            done.setAside(),
            done.flushes(),
            accumulator.records() + letters.letters().size(),
            accumulator.tokens());
    progress.accept(done);
  }
}
