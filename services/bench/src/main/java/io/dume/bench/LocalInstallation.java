package io.dume.bench;

import io.dume.accumulator.Accumulator;
import io.dume.accumulator.AccumulatorConfig;
import io.dume.administration.CutRequests;
import io.dume.administration.Penalty;
import io.dume.embedded.EmbeddedBroker;
import io.dume.embedded.EmbeddedBrokerConfig;
import io.dume.extractor.ExtractionModel;
import io.dume.extractor.FeatureExtractor;
import io.dume.extractor.FeatureExtractorConfig;
import io.dume.extractor.FitSettings;
import io.dume.router.RouterEvent;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.Wire;
import io.dume.solver.Solver;
import io.dume.solver.SolverConfig;
import io.dume.topology.sequencer.CutPolicy;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A broker, an accumulator, a solver and one worker in this process, with the settings that {@code
 * dume up} gives them. Versions are made on demand alone. Closing stops the worker first, the
 * broker last.
 */
final class LocalInstallation implements AutoCloseable {
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
  private final KafkaSettings kafka;
  private final Topics topics = Topics.DEFAULT;
  private final KafkaProducer<byte[], byte[]> producer;

  private LocalInstallation(Path directory, ExtractionModel model, int contextDim)
      throws Exception {
    try {
      EmbeddedBroker broker = EmbeddedBroker.start(EmbeddedBrokerConfig.in(directory));
      open.push(broker);
      broker.failure().thenAccept(failure::complete);
      kafka = new KafkaSettings(broker.bootstrapServers(), Map.of());
      try (Admin admin = Admin.create(kafka.admin())) {
        topics.create(admin, Topics.Partitions.DEFAULT, kafka.topic());
      }
      Solver solver =
          new Solver(SolverConfig.defaults(kafka).withInstance("solver-0"), Clock.systemUTC());
      run("bench-solver", solver::run, solver::stop);
      Accumulator accumulator =
          Accumulator.start(
              AccumulatorConfig.defaults(kafka, topics, directory.resolve("state"), "accumulator-0")
                  .withCuts(CutPolicy.ON_DEMAND));
      open.push(accumulator);
      accumulator.failure().thenAccept(failure::complete);
      FeatureExtractor worker =
          new FeatureExtractor(
              FeatureExtractorConfig.defaults(kafka, "worker-0", FitSettings.of(contextDim)),
              model,
              Clock.systemUTC());
      run("bench-worker", worker::run, worker::stop);
      producer =
          new KafkaProducer<>(
              kafka.producer(Map.of()), new ByteArraySerializer(), new ByteArraySerializer());
      open.push(producer);
    } catch (Exception e) {
      close();
      throw e;
    }
  }

  static LocalInstallation start(Path directory, ExtractionModel model, int contextDim)
      throws Exception {
    return new LocalInstallation(directory, model, contextDim);
  }

  /** What a service's thread does. */
  @FunctionalInterface
  private interface Service {
    void run() throws Exception;
  }

  private void run(String name, Service service, Runnable stop) {
    Thread thread =
        new Thread(
            () -> {
              try {
                service.run();
              } catch (Throwable e) {
                // Whoever waits for a version must hear of it, errors of the JVM too.
                failure.complete(e);
              }
            },
            name);
    thread.start();
    open.push(
        () -> {
          stop.run();
          thread.join();
        });
  }

  /** Sends records and waits for the version that counts them. */
  void version(List<TokenBatch> batches) throws Exception {
    for (TokenBatch batch : batches) {
      producer.send(
          new ProducerRecord<>(topics.tokenBatches(), batch.getId().bytes(), Wire.encode(batch)));
    }
    producer.flush();
    RouterEvent answer =
        new CutRequests(kafka, topics, FitSettings.DEFAULT_ROUTER)
            .ask(Penalty.DEFAULT, failure::isDone)
            .orElseThrow(() -> new IllegalStateException("a service failed", failure.join()));
    if (answer instanceof RouterEvent.Refused refused) {
      throw new IllegalStateException("no router: " + refused.refusal().getReason());
    }
  }

  @Override
  public void close() {
    RuntimeException first = null;
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (Exception e) {
        if (first == null) {
          first = new IllegalStateException("closing failed: " + e.getMessage(), e);
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
