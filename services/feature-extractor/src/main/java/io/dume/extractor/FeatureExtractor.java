package io.dume.extractor;

import io.dume.schemas.control.ControlLog;
import io.dume.schemas.control.Fits;
import io.dume.schemas.kafka.DeadLetters;
import io.dume.schemas.message.Fit;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.MessageFormat;
import java.time.Clock;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A worker: turns labelled token batches into partial statistics, each record exactly once. Start
 * more of them to share the work, each with an instance name of its own.
 *
 * <p>One thread calls {@link #run()}; the other methods may be called from any thread.
 */
public final class FeatureExtractor implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FeatureExtractor.class);

  private final FeatureExtractorConfig config;
  private final MessageFormat format;
  private final ExtractionModel model;
  private final Clock clock;
  private final AtomicBoolean started = new AtomicBoolean();
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean stopping;
  private volatile ExtractorSnapshot snapshot = ExtractorSnapshot.NOTHING;
  private volatile Optional<Fit> fit = Optional.empty();
  private volatile Optional<String> retired = Optional.empty();

  /**
   * A worker that has not started.
   *
   * @param config what it needs to know
   * @param model the merged model, left open; used by the thread that runs
   * @param clock for flush times and time stamps
   */
  public FeatureExtractor(FeatureExtractorConfig config, ExtractionModel model, Clock clock) {
    this.config = config;
    this.format = config.kafka().format();
    this.model = model;
    this.clock = clock;
  }

  /**
   * Joins the fit and works until {@link #stop()}, then flushes and leaves. Creates topics that are
   * missing, and the fit if this worker is the first. When its router is moved to another fit, it
   * works for that one, if it has its backbone, experts and numeric profile; if not, it returns and
   * {@link #retired()} says why.
   *
   * @throws ExtractorException if the worker can't go on; what it had not flushed is not lost
   * @throws io.dume.schemas.control.IncompatibleFitException if the fit is of another model,
   *     setting or numeric profile
   * @throws InterruptedException if the thread is interrupted while it joins
   * @throws KafkaException if the cluster can't be reached, or the thread is interrupted later
   * @throws IllegalStateException if it was run before
   */
  public void run() throws InterruptedException {
    if (!started.compareAndSet(false, true)) {
      throw new IllegalStateException("worker " + config.instance() + " was started before");
    }
    try {
      if (!stopping) {
        work();
      }
    } catch (OffsetOutOfRangeException | NoOffsetForPartitionException e) {
      throw new ExtractorException(
          "records that the fit has not counted are gone from %s (%s): keep token batches for good, and make a new fit of what is left (dume replay --from earliest)"
              .formatted(config.topics().tokenBatches(), e.getMessage()),
          e);
    } finally {
      ended.countDown();
    }
  }

  private void work() throws InterruptedException {
    Joining joining = new Joining(config, model, clock);
    joining.createTopics();
    try (ControlLog control = new ControlLog(config.kafka(), config.topics())) {
      boolean over = joining.over(control) && !follow(joining, control);
      while (!over && !stopping) {
        Fits.Joined joined = joining.join(control);
        fit = Optional.of(joined.fit());
        ExtractionLoop.End end = work(control, joined);
        over =
            switch (end) {
              case STOPPED -> true;
              case RETIRED -> !follow(joining, control);
              case REMOVED -> {
                retire(
                    "fit %s of router %s was removed"
                        .formatted(Ids.hex(joined.fit().getId()), joining.router()));
                yield true;
              }
            };
      }
    }
  }

  private boolean follow(Joining joining, ControlLog control) {
    Optional<String> obstacle = joining.follow(control.state());
    obstacle.ifPresentOrElse(
        reason ->
            retire(
                "router %s is made from another fit now, which this worker can't join: %s; start it again with the model and the settings of that fit"
                    .formatted(joining.router(), reason)),
        () ->
            LOG.info(
                "router {} is made from another fit now: this worker follows", joining.router()));
    return obstacle.isEmpty();
  }

  private void retire(String reason) {
    LOG.warn("worker {} has no more to do: {}", config.instance(), reason);
    retired = Optional.of(reason);
  }

  private ExtractionLoop.End work(ControlLog control, Fits.Joined joined) {
    Extraction extraction =
        new Extraction(
            config.instance(),
            joined.fit(),
            config.flush(),
            model,
            control.state(),
            Ids::random,
            format,
            letter -> DeadLetters.encode(format, config.topics(), letter));
    warnOfFrequentFlushes(extraction, joined.experts().getDomains().size());
    long flushBytes = Math.max(config.flush().bytes(), extraction.slotBytes());
    Properties settings = ClientSettings.consumer(config, joined.fit(), flushBytes);
    try (FlushTransaction transaction =
            new FlushTransaction(
                () ->
                    new KafkaProducer<>(
                        ClientSettings.producer(config, flushBytes),
                        new ByteArraySerializer(),
                        new ByteArraySerializer()),
                config.instance());
        KafkaConsumer<byte[], byte[]> consumer =
            new KafkaConsumer<>(
                settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      ExtractionLoop.End end =
          new ExtractionLoop(
                  config.topics(),
                  clock,
                  control,
                  joined.fit(),
                  extraction,
                  consumer,
                  ClientSettings.batchTime(settings),
                  new StartPositions(
                      joined.fit(),
                      consumer,
                      new FlushedOffsets(config.kafka(), config.topics(), joined.fit())),
                  new CountedLog(
                      config.kafka(),
                      config.topics(),
                      ClientSettings.openFlush(config, flushBytes)),
                  new Flusher(transaction, config.topics()),
                  now -> snapshot = now)
              .run(() -> stopping);
      if (end != ExtractionLoop.End.STOPPED) {
        // A static member would stay until its session times out, and nobody comes back here.
        consumer.close(CloseOptions.groupMembershipOperation(GroupMembershipOperation.LEAVE_GROUP));
      }
      return end;
    }
  }

  private void warnOfFrequentFlushes(Extraction extraction, int domains) {
    long wanted = domains * extraction.slotBytes();
    if (wanted > config.flush().bytes()) {
      LOG.warn(
          "flush bytes of {} hold the sums of fewer than all {} domains ({} bytes each): each change of domain may flush; {} would hold all",
          config.flush().bytes(),
          domains,
          extraction.slotBytes(),
          wanted);
    }
  }

  /**
   * How far it is.
   *
   * @return figures of the last poll
   */
  public ExtractorSnapshot snapshot() {
    return snapshot;
  }

  /**
   * The fit that it works for, or did last.
   *
   * @return the fit, or nothing before it has joined one
   */
  public Optional<Fit> fit() {
    return fit;
  }

  /**
   * Why it ended by itself, without a failure: its fit was retired or removed, and it can't work
   * for the one that serves.
   *
   * @return the reason, for people, or nothing
   */
  public Optional<String> retired() {
    return retired;
  }

  /** Asks {@link #run()} to flush and return. Does not wait. */
  public void stop() {
    stopping = true;
  }

  /** Stops, and waits until {@link #run()} has returned, if it was called. */
  @Override
  public void close() {
    stop();
    if (started.get()) {
      try {
        ended.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
