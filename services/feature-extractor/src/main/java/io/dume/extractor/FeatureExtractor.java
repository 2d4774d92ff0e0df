package io.dume.extractor;

import io.dume.schemas.control.ControlLog;
import io.dume.schemas.control.Fits;
import io.dume.schemas.message.Fit;
import io.dume.schemas.statistics.FixedPoint;
import io.dume.schemas.statistics.TileGrid;
import java.time.Clock;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
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
  private final ExtractionModel model;
  private final Clock clock;
  private final AtomicBoolean started = new AtomicBoolean();
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean stopping;
  private volatile ExtractorSnapshot snapshot = ExtractorSnapshot.NOTHING;

  /**
   * A worker that has not started.
   *
   * @param config what it needs to know
   * @param model the merged model, left open; used by the thread that runs
   * @param clock for flush times and time stamps
   */
  public FeatureExtractor(FeatureExtractorConfig config, ExtractionModel model, Clock clock) {
    this.config = config;
    this.model = model;
    this.clock = clock;
  }

  /**
   * Joins the fit and works until {@link #stop()}, then flushes and leaves. Creates topics that are
   * missing, and the fit if this worker is the first.
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
          "records that the fit has not counted are gone from %s (%s): keep token batches for good, or start a new fit under another router name (--router-name) with a label of its own"
              .formatted(config.topics().tokenBatches(), e.getMessage()),
          e);
    } finally {
      ended.countDown();
    }
  }

  private void work() throws InterruptedException {
    Joining joining = new Joining(config, model.identity(), clock);
    joining.createTopics();
    try (ControlLog control = new ControlLog(config.kafka(), config.topics())) {
      Fits.Joined joined = joining.join(control);
      Fit fit = joined.fit();
      Accumulator accumulator =
          new Accumulator(
              new TileGrid(fit.getWidth() + 1, fit.getTileSize()),
              new FixedPoint(fit.getFractionBits()),
              fit.getLayers(),
              config.flush().bytes());
      warnOfFrequentFlushes(accumulator, joined.experts().getDomains().size());
      long flushBytes = Math.max(config.flush().bytes(), accumulator.slotBytes());
      try (FlushTransaction transaction =
          new FlushTransaction(
              () ->
                  new KafkaProducer<>(
                      ClientSettings.producer(config, flushBytes),
                      new ByteArraySerializer(),
                      new ByteArraySerializer()),
              config.instance())) {
        work(
            control,
            joined,
            accumulator,
            flushBytes,
            new Flusher(transaction, config.topics(), fit, config.instance(), clock));
      }
    }
  }

  private void work(
      ControlLog control,
      Fits.Joined joined,
      Accumulator accumulator,
      long flushBytes,
      Flusher flusher) {
    Properties settings = ClientSettings.consumer(config, joined.fit(), flushBytes);
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      new ExtractionLoop(
              config,
              model,
              clock,
              control,
              joined,
              consumer,
              ClientSettings.batchTime(settings),
              flusher,
              accumulator,
              now -> snapshot = now)
          .run(() -> stopping);
    }
  }

  private void warnOfFrequentFlushes(Accumulator accumulator, int domains) {
    long wanted = domains * accumulator.slotBytes();
    if (wanted > config.flush().bytes()) {
      LOG.warn(
          "flush bytes of {} hold the sums of fewer than all {} domains ({} bytes each): each change of domain may flush; {} would hold all",
          config.flush().bytes(),
          domains,
          accumulator.slotBytes(),
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
