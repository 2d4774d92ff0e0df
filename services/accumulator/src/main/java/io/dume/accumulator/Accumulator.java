package io.dume.accumulator;

import io.dume.schemas.kafka.DeadLetters;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.wire.MessageFormat;
import io.dume.topology.FoldTopology;
import io.dume.topology.SequencerTopology;
import io.dume.topology.fold.FoldConfig;
import io.dume.topology.sequencer.SequencerConfig;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the sequencer and the fold until it is closed or one of them fails for good.
 *
 * <p>Kafka Streams itself goes on after everything that can be retried. What reaches {@link
 * #failure()} can't: then neither application goes on alone, and the owner should close this one.
 * Safe for use by several threads.
 */
public final class Accumulator implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Accumulator.class);

  private final AccumulatorConfig config;
  private final CompletableFuture<AccumulatorException> failure = new CompletableFuture<>();
  private final StateFiles files;
  private final Application sequencer;
  private final Application fold;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final RestoreTime restoring = new RestoreTime();

  /** One of the two Streams applications. */
  private final class Application {
    private final String name;
    private final KafkaStreams streams;
    private final CompletableFuture<Void> running = new CompletableFuture<>();

    Application(String name, Topology topology, Properties properties) {
      this.name = name;
      this.streams = new KafkaStreams(topology, properties);
      streams.setUncaughtExceptionHandler(
          exception -> {
            fail(name, exception);
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
          });
      streams.setStateListener((now, before) -> changed(now));
    }

    private void changed(KafkaStreams.State now) {
      LOG.debug("The {} is {}", name, now);
      if (now == KafkaStreams.State.RUNNING) {
        running.complete(null);
      } else if (now == KafkaStreams.State.ERROR) {
        fail(name, new IllegalStateException("all its threads have ended"));
      }
    }
  }

  private Accumulator(AccumulatorConfig config, int partitions, StateFiles files) {
    this.config = config;
    this.files = files;
    MessageFormat format = config.kafka().format().waiting(closed::get);
    Function<DeadLetter, byte[]> lettersAs =
        letter -> DeadLetters.encode(format, config.topics(), letter);
    this.sequencer =
        new Application(
            "sequencer",
            SequencerTopology.build(
                SequencerConfig.of(partitions, config.cuts()), config.topics(), lettersAs),
            StreamsSettings.sequencer(config));
    try {
      this.fold =
          new Application(
              "fold",
              FoldTopology.build(
                  new FoldConfig(partitions, config.strayAge()), config.topics(), lettersAs),
              StreamsSettings.fold(config));
      fold.streams.setGlobalStateRestoreListener(restoring);
    } catch (RuntimeException e) {
      // It holds its state directory and clients, though it was never started.
      sequencer.streams.close();
      throw e;
    }
  }

  /**
   * Creates the topics that are missing and starts both applications; returns before they have
   * their partitions.
   *
   * @param config what it is told
   * @return the running accumulator
   * @throws InterruptedException if interrupted while the cluster answers
   * @throws AccumulatorException if the topics do not belong together, or the state directory can't
   *     be used
   * @throws IllegalStateException if the cluster refuses or does not answer
   */
  public static Accumulator start(AccumulatorConfig config) throws InterruptedException {
    int partitions;
    try (Admin admin = Admin.create(config.kafka().admin())) {
      config.topics().create(admin, config.partitions(), config.kafka().topic());
      partitions = count(admin, config.topics().partialStatistics());
      for (String topic : List.of(config.topics().control(), config.topics().flushManifests())) {
        if (count(admin, topic) != 1) {
          throw new AccumulatorException(
              "topic %s has %d partitions: its order is what counts, so it must have one"
                  .formatted(topic, count(admin, topic)));
        }
      }
      int results = count(admin, config.topics().layerStatistics());
      if (results != partitions) {
        throw new AccumulatorException(
            "topic %s has %d partitions and %s has %d: a layer has the same number in both"
                .formatted(
                    config.topics().partialStatistics(),
                    partitions,
                    config.topics().layerStatistics(),
                    results));
      }
    }
    StateFiles files = StateFiles.open(config.stateDirectory());
    Accumulator accumulator;
    try {
      accumulator = new Accumulator(config, partitions, files);
    } catch (RuntimeException e) {
      files.close();
      throw StateFailure.of(config.stateDirectory(), e)
          .<RuntimeException>map(message -> new AccumulatorException(message, e))
          .orElse(e);
    }
    try {
      accumulator.sequencer.streams.start();
      accumulator.fold.streams.start();
    } catch (RuntimeException e) {
      accumulator.close();
      throw e;
    }
    return accumulator;
  }

  private static int count(Admin admin, String topic) throws InterruptedException {
    return Topics.partitions(admin, topic)
        .orElseThrow(() -> new AccumulatorException("topic " + topic + " was deleted"));
  }

  private void fail(String application, Throwable cause) {
    LOG.error("The {} has failed: {}", application, cause.toString(), cause);
    failure.complete(
        new AccumulatorException(
            StateFailure.of(config.stateDirectory(), cause)
                .orElseGet(
                    () -> "the %s has failed: %s".formatted(application, cause.getMessage())),
            cause));
  }

  /**
   * Waits until both applications have their partitions and stores.
   *
   * @param timeout how long to wait; with lost stores, 8 s a gigabyte are not much
   * @throws InterruptedException if interrupted while waiting
   * @throws AccumulatorException if one of them fails, or is not ready in time
   */
  public void awaitReady(Duration timeout) throws InterruptedException {
    CompletableFuture<?> both = CompletableFuture.allOf(sequencer.running, fold.running);
    try {
      CompletableFuture.anyOf(both, failure).get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new AccumulatorException(
          "not ready after %s: sequencer %s, fold %s"
              .formatted(timeout, sequencer.streams.state(), fold.streams.state()),
          e);
    } catch (ExecutionException e) {
      throw new AccumulatorException("not ready: " + e.getCause().getMessage(), e.getCause());
    }
    if (failure.isDone()) {
      throw failure.join();
    }
  }

  /**
   * How long stores of the fold have been restored from their changelogs since the start: from the
   * beginning of the first to the end of the last that has ended.
   *
   * @return the time; zero if none was lost
   */
  public Duration restoring() {
    return restoring.soFar();
  }

  /**
   * Completes, with the reason, when an application has failed for good; never otherwise.
   *
   * @return the stage
   */
  public CompletionStage<AccumulatorException> failure() {
    return failure.minimalCompletionStage();
  }

  /**
   * Stops both applications, commits what is done, and returns within the close timeout.
   * Idempotent.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    try (files) {
      if (stop() && !failure.isDone()) {
        files.trust();
      }
    } catch (AccumulatorException e) {
      LOG.warn("The next start restores all stores: {}", e.getMessage());
    }
  }

  /** Returns whether both have stopped in order. */
  private boolean stop() {
    long deadline = System.nanoTime() + config.closeTimeout().toNanos();
    // Both begin to stop before either is waited for.
    sequencer.streams.close(Duration.ZERO);
    fold.streams.close(Duration.ZERO);
    boolean inOrder = true;
    for (Application application : List.of(sequencer, fold)) {
      Duration left = Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
      if (!application.streams.close(left)) {
        inOrder = false;
        LOG.warn(
            "The {} did not stop within {}; its transaction will be aborted",
            application.name,
            config.closeTimeout());
      }
    }
    return inOrder;
  }
}
