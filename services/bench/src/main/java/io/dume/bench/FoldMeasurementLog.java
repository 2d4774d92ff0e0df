package io.dume.bench;

import io.dume.accumulator.Accumulator;
import io.dume.accumulator.AccumulatorConfig;
import io.dume.embedded.EmbeddedBroker;
import io.dume.embedded.EmbeddedBrokerConfig;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.ApplyFlush;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.LayerComplete;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.wire.MalformedMessageException;
import io.dume.schemas.wire.Wire;
import io.dume.topology.FoldTopology;
import io.dume.topology.sequencer.CutPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * One partition of partial-statistics that is full of flushes and the real orders about them, and
 * can be folded again and again: what is written is the same, whoever reads it.
 *
 * <p>The log is made of groups of flushes. Behind each group stands a cut of another fit, a tiny
 * one, which makes the fold commit right there: so the number of folds between two commits is
 * exact, and the layer of that cut, which can be read when it is committed, tells the time. The
 * first group is such a cut alone: from it on it is measured.
 */
final class FoldMeasurementLog implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final String INSTANCE = "bench";

  private final Topics topics = new Topics("bench.");
  private final TopicPartition statistics = new TopicPartition(topics.partialStatistics(), 0);
  private final Path state;
  private final EmbeddedBroker broker;
  private final KafkaSettings kafka;
  private final AccumulatorConfig config;
  private final SyntheticFlushes clock = SyntheticFlushes.of("clock", 3, 1, 1, 1);

  /** Offsets of the cuts of the tiny fit. */
  private final List<Long> cuts = new ArrayList<>();

  private int tilesOfFlush;
  private long foldedBytes;

  private FoldMeasurementLog(Path scratch, long cacheBytes) {
    this.state = scratch.resolve("state");
    this.broker =
        EmbeddedBroker.start(
            EmbeddedBrokerConfig.in(scratch.resolve("broker"))
                // What was written to the changelogs is to be counted, also where it is garbage.
                .withBrokerProperty("log.cleaner.enable", "false"));
    this.kafka = KafkaSettings.of(broker.bootstrapServers());
    this.config =
        AccumulatorConfig.defaults(kafka, topics, state, INSTANCE)
            .withPartitions(new Topics.Partitions(1, 1))
            .withCuts(CutPolicy.ON_DEMAND)
            .withFold(1, cacheBytes)
            // The cuts say when.
            .withTimes(Duration.ofMinutes(5), Duration.ofMinutes(6));
  }

  /**
   * Starts a broker and writes the log.
   *
   * @param scratch an empty directory
   * @param flushes what to fold
   * @param groups how often the fold commits
   * @param folds flushes between two commits
   * @param cacheBytes the record cache of the fold
   * @return the log, folded once; nothing runs but the broker
   */
  static FoldMeasurementLog write(
      Path scratch, SyntheticFlushes flushes, int groups, int folds, long cacheBytes)
      throws InterruptedException, ExecutionException {
    FoldMeasurementLog log = new FoldMeasurementLog(scratch, cacheBytes);
    try {
      log.write(flushes, groups, folds);
      return log;
    } catch (InterruptedException | ExecutionException | RuntimeException e) {
      log.close();
      throw e;
    }
  }

  private void write(SyntheticFlushes flushes, int groups, int folds)
      throws InterruptedException, ExecutionException {
    try (Accumulator accumulator = Accumulator.start(config);
        KafkaProducer<byte[], byte[]> worker =
            new KafkaProducer<>(
                kafka.producer(
                    Map.of(
                        "transactional.id",
                        topics.prefix() + "worker",
                        "send.buffer.bytes",
                        -1,
                        "max.request.size",
                        Topics.MAX_MESSAGE_BYTES)),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        KafkaConsumer<byte[], byte[]> orders = floor().reader(statistics);
        KafkaConsumer<byte[], byte[]> solver =
            floor().reader(new TopicPartition(topics.layerStatistics(), 0))) {
      accumulator.awaitReady(PATIENCE);
      worker.initTransactions();
      for (SyntheticFlushes each : List.of(clock, flushes)) {
        for (SpecificRecord record : each.control()) {
          control(worker, record);
        }
      }
      tilesOfFlush = flushes.tiles();
      commitHere(accumulator, worker, orders);
      for (int group = 0; group < groups; group++) {
        for (int fold = 0; fold < folds; fold++) {
          flush(accumulator, worker, orders, flushes);
          foldedBytes += flushes.bytes();
        }
        commitHere(accumulator, worker, orders);
      }
      awaitLastCut(accumulator, solver);
    }
  }

  private void awaitLastCut(Accumulator accumulator, KafkaConsumer<byte[], byte[]> solver) {
    Id fit = clock.fit().getId();
    await(accumulator, solver, m -> ends(m, fit, cuts.size()));
  }

  private void control(KafkaProducer<byte[], byte[]> worker, SpecificRecord record) {
    worker.beginTransaction();
    worker.send(new ProducerRecord<>(topics.control(), 0, null, Wire.encode(record)));
    worker.commitTransaction();
  }

  /** A flush in one transaction; waits until the order to apply it is in the log. */
  private void flush(
      Accumulator accumulator,
      KafkaProducer<byte[], byte[]> worker,
      KafkaConsumer<byte[], byte[]> orders,
      SyntheticFlushes flushes)
      throws InterruptedException, ExecutionException {
    worker.beginTransaction();
    AtomicReference<Future<RecordMetadata>> last = new AtomicReference<>();
    var manifest =
        flushes.next(
            tile ->
                last.set(
                    worker.send(
                        new ProducerRecord<>(
                            topics.partialStatistics(),
                            tile.partition(),
                            tile.key(),
                            Wire.encode(tile.message())))));
    byte[] key = manifest.getFlush().bytes();
    worker.send(new ProducerRecord<>(topics.flushManifests(), 0, key, Wire.encode(manifest)));
    worker.commitTransaction();
    // The order stands behind the tiles.
    orders.seek(statistics, last.get().get().offset() + 1);
    await(
        accumulator,
        orders,
        m -> m instanceof ApplyFlush a && a.getFlush().equals(manifest.getFlush()));
  }

  /** A cut of the tiny fit. */
  private void commitHere(
      Accumulator accumulator,
      KafkaProducer<byte[], byte[]> worker,
      KafkaConsumer<byte[], byte[]> orders)
      throws InterruptedException, ExecutionException {
    flush(accumulator, worker, orders, clock);
    long number = cuts.size() + 1L;
    PartitionOffset upTo = new PartitionOffset(0, clock.position());
    control(worker, new CutRequested("clock", "cut-" + number, List.of(upTo), null, false));
    cuts.add(await(accumulator, orders, m -> m instanceof Cut c && c.getCut() == number).offset());
  }

  private static ConsumerRecord<byte[], byte[]> await(
      Accumulator accumulator,
      KafkaConsumer<byte[], byte[]> consumer,
      Predicate<SpecificRecord> wanted) {
    CompletableFuture<?> failure = accumulator.failure().toCompletableFuture();
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < deadline) {
      if (failure.isDone()) {
        throw new IllegalStateException("the accumulator has failed: " + failure.join());
      }
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(50))) {
        if (wanted.test(decode(record.value()))) {
          // Whoever awaits the next one finds what stands behind this one.
          consumer.seek(
              new TopicPartition(record.topic(), record.partition()), record.offset() + 1);
          return record;
        }
      }
    }
    throw new IllegalStateException("the accumulator did not come so far within " + PATIENCE);
  }

  private static SpecificRecord decode(byte[] bytes) {
    try {
      return Wire.decode(bytes);
    } catch (MalformedMessageException e) {
      throw new IllegalStateException("what was just written can't be read", e);
    }
  }

  /** Bytes of values in all flushes of the log. */
  long foldedBytes() {
    return foldedBytes;
  }

  /**
   * Folds all of the log, from an empty state.
   *
   * @return from the commit of the first cut to that of the last
   */
  Spent fold() throws InterruptedException, ExecutionException, IOException {
    forget();
    TopicPartition layers = new TopicPartition(topics.layerStatistics(), 0);
    try (KafkaConsumer<byte[], byte[]> solver = floor().reader(layers);
        Accumulator accumulator = accumulatorAfterEnd(solver, layers)) {
      Id fit = clock.fit().getId();
      await(accumulator, solver, m -> ends(m, fit, 1));
      Spent.Meter meter = new Spent.Meter();
      awaitLastCut(accumulator, solver);
      return meter.read();
    }
  }

  private Accumulator accumulatorAfterEnd(
      KafkaConsumer<byte[], byte[]> solver, TopicPartition layers) throws InterruptedException {
    solver.seekToEnd(List.of(layers));
    // Seeking is lazy; the end is wanted as it is before the fold writes.
    solver.position(layers);
    return Accumulator.start(config);
  }

  private static boolean ends(SpecificRecord message, Id fit, long cut) {
    return message instanceof LayerComplete end && end.getFit().equals(fit) && end.getCut() == cut;
  }

  /** Takes from the fold all that it has and all that it knows. */
  private void forget() throws InterruptedException, ExecutionException, IOException {
    deleteState();
    try (Admin admin = Admin.create(kafka.admin())) {
      String group = topics.prefix() + "fold";
      // A static member does not leave when it is closed.
      admin
          .removeMembersFromConsumerGroup(group, new RemoveMembersFromConsumerGroupOptions())
          .all()
          .get();
      admin.deleteConsumerGroups(List.of(group)).all().get();
      admin.deleteTopics(changelogs()).all().get();
    }
  }

  private List<String> changelogs() {
    return Stream.of(
            FoldTopology.STAGING, FoldTopology.GRAM, FoldTopology.TARGET, FoldTopology.META)
        .map(this::changelog)
        .toList();
  }

  private String changelog(String store) {
    return "%sfold-%s-changelog".formatted(topics.prefix(), store);
  }

  /** Deletes the state directory of the accumulator, which must not run. */
  private void deleteState() throws IOException {
    if (!Files.exists(state)) {
      return;
    }
    try (Stream<Path> files = Files.walk(state)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** Bytes of the fold's changelogs on the broker's disk. */
  long changelogBytes() throws InterruptedException, ExecutionException {
    List<String> changelogs = changelogs();
    try (Admin admin = Admin.create(kafka.admin())) {
      return admin.describeLogDirs(List.of(1)).allDescriptions().get().get(1).values().stream()
          .flatMap(directory -> directory.replicaInfos().entrySet().stream())
          .filter(replica -> changelogs.contains(replica.getKey().topic()))
          .mapToLong(replica -> replica.getValue().size())
          .sum();
    }
  }

  /**
   * Consumes the measured part of the log and does nothing.
   *
   * @return seconds from the first records to the last; the processor time is that of connecting
   *     too
   */
  Spent consume() {
    Spent.Meter meter = new Spent.Meter();
    return meter.read(floor().consume(statistics, cuts.get(0) + 1, cuts.get(cuts.size() - 1) + 1));
  }

  /**
   * Consumes the measured part of the log and writes the last flush before each cut again, as the
   * changelog of a fold that is otherwise for nothing.
   *
   * @return seconds from the first records to the last; the processor time is that of connecting
   *     too
   */
  Spent consumeAndWrite() throws InterruptedException, ExecutionException {
    Spent.Meter meter = new Spent.Meter();
    return meter.read(floor().consumeAndWrite(statistics, cuts, tilesOfFlush));
  }

  /**
   * Consumes the changelogs and does nothing.
   *
   * @return seconds from the first records to the last, of all changelogs together
   */
  double consumeChangelogs() {
    double seconds = 0;
    for (String changelog : changelogs()) {
      seconds += floor().consume(new TopicPartition(changelog, 0));
    }
    return seconds;
  }

  private FoldFloor floor() {
    return new FoldFloor(kafka, topics);
  }

  /**
   * Starts the accumulator, whose fold has lost its stores and has nothing new to read.
   *
   * @return seconds that restoring took
   */
  double restore() throws InterruptedException, IOException {
    deleteState();
    try (Accumulator accumulator = Accumulator.start(config)) {
      accumulator.awaitReady(PATIENCE);
      return accumulator.restoring().toNanos() * 1e-9;
    }
  }

  @Override
  public void close() {
    broker.close();
  }
}
