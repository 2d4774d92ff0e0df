package io.dume.solver;

import io.dume.router.RouterEvent;
import io.dume.router.RouterHistory;
import io.dume.schemas.control.ControlLog;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.Wire;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;

/** An installation of its own on a broker: topics, a fit, and the part of the fold. */
final class Installation implements AutoCloseable {
  static final String ROUTER = "demo";

  final KafkaSettings kafka;
  final Topics topics;
  final Fit fit;
  private final KafkaProducer<byte[], byte[]> producer;
  private final List<Running> solvers = new ArrayList<>();

  /** A solver on a thread of its own; the future ends with it. */
  record Running(Solver solver, CompletableFuture<Void> ended) {}

  Installation(String bootstrapServers, String prefix) throws InterruptedException {
    this(bootstrapServers, prefix, FoldedStatistics.fit(prefix));
  }

  Installation(String bootstrapServers, String prefix, Fit fit) throws InterruptedException {
    this.kafka = KafkaSettings.of(bootstrapServers);
    this.topics = new Topics(prefix);
    this.fit = fit;
    try (Admin admin = Admin.create(kafka.admin())) {
      topics.create(admin, new Topics.Partitions(1, fit.getStatisticsPartitions()), Map.of());
    }
    create(fit, false);
    var properties =
        kafka.producer(
            Map.of(
                "transactional.id",
                prefix + "fold",
                "max.request.size",
                Integer.toString(Topics.MAX_MESSAGE_BYTES)));
    this.producer =
        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    producer.initTransactions();
  }

  /** Creates a fit of the router, with its experts. */
  void create(Fit created, boolean candidate) throws InterruptedException {
    append(new FitCreated(ROUTER, created, Instant.EPOCH, candidate));
    append(
        new ExpertsChanged(
            ROUTER,
            1,
            FoldedStatistics.experts(),
            FoldedStatistics.EXPERTS.stream().map(e -> new DomainExpert(e, e)).toList(),
            created.getId(),
            List.of()));
  }

  void append(SpecificRecord message) throws InterruptedException {
    try (ControlLog control = new ControlLog(kafka, topics)) {
      control.append(message);
    }
  }

  /** Sends a cut, as the sequencer does. */
  void sendCut(Cut cut) {
    send(topics.cuts(), 0, List.of(Wire.encode(cut)));
  }

  /** Sends all layers of a cut, as the fold does: a transaction for each partition. */
  void sendLayers(FoldedStatistics statistics, long cut) {
    IntStream.range(0, statistics.fit().getLayers())
        .forEach(layer -> sendLayer(statistics.fit(), layer, statistics.layer(cut, layer)));
  }

  void sendLayer(int layer, List<SpecificRecord> messages) {
    sendLayer(fit, layer, messages);
  }

  private void sendLayer(Fit of, int layer, List<SpecificRecord> messages) {
    send(
        topics.layerStatistics(),
        Ids.partition(of.getId(), layer, of.getStatisticsPartitions()),
        messages.stream().map(Wire::encode).toList());
  }

  void send(String topic, int partition, List<byte[]> values) {
    producer.beginTransaction();
    values.forEach(value -> producer.send(new ProducerRecord<>(topic, partition, null, value)));
    producer.commitTransaction();
  }

  SolverConfig config() {
    return SolverConfig.defaults(kafka).withTopics(topics).withRouter(ROUTER).withThreads(2);
  }

  Running start(UnaryOperator<SolverConfig> change) {
    Solver solver =
        new Solver(
            change.apply(config()),
            Clock.fixed(Instant.ofEpochMilli(1_700_000_001_000L), ZoneOffset.UTC));
    CompletableFuture<Void> ended = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                solver.run();
                ended.complete(null);
              } catch (RuntimeException | Error e) {
                ended.completeExceptionally(e);
              }
            },
            "solver-under-test");
    thread.start();
    Running running = new Running(solver, ended);
    solvers.add(running);
    return running;
  }

  Running start() {
    return start(config -> config);
  }

  /** Waits until there are so many versions and refusals. */
  List<RouterEvent> events(int count) {
    try (RouterHistory history = RouterHistory.open(kafka, topics, ROUTER)) {
      return Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .until(history::list, events -> events.size() >= count);
    }
  }

  List<DeadLetter> deadLetters(int count) {
    Map<Long, DeadLetter> letters = new HashMap<>();
    TopicPartition partition = new TopicPartition(topics.deadLetters(), 0);
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            kafka.consumer(Map.of("isolation.level", "read_committed")),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () -> {
                for (ConsumerRecord<byte[], byte[]> r : consumer.poll(Duration.ofMillis(200))) {
                  letters.put(r.offset(), Wire.decode(r.value(), DeadLetter.class));
                }
                return letters.size() >= count;
              });
    }
    return List.copyOf(letters.values());
  }

  @Override
  public void close() {
    solvers.forEach(running -> running.solver().close());
    producer.close();
  }
}
