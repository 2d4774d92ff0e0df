package io.dume.accumulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.dume.embedded.EmbeddedBroker;
import io.dume.embedded.EmbeddedBrokerConfig;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.PartitionOffset;
import io.dume.topology.sequencer.CutPolicy;
import io.dume.topology.synthetic.LayersOfCut;
import io.dume.topology.synthetic.PlainSums;
import io.dume.topology.synthetic.SyntheticFit;
import io.dume.topology.synthetic.SyntheticFlush;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(180)
class AccumulatorIT {
  private static final List<String> DOMAINS = List.of("code", "math");
  private static final int PARTITIONS = 4;
  private static final Duration READY = Duration.ofSeconds(60);

  @TempDir static Path brokerDirectory;
  private static EmbeddedBroker broker;

  /** A fresh seed each run; -Ddume.seed repeats one that was printed. */
  private final long seed = Long.getLong("dume.seed", new Random().nextLong());

  private final Random random = new Random(seed);

  @TempDir Path state;

  @BeforeAll
  static void startBroker() {
    broker = EmbeddedBroker.start(EmbeddedBrokerConfig.in(brokerDirectory));
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  private static KafkaSettings kafka() {
    return KafkaSettings.of(broker.bootstrapServers());
  }

  private AccumulatorConfig config(Topics topics) {
    return AccumulatorConfig.defaults(kafka(), topics, state, "one")
        .withPartitions(new Topics.Partitions(3, PARTITIONS))
        .withCuts(CutPolicy.ON_DEMAND)
        .withFold(2, 64L << 20);
  }

  private static Accumulator started(AccumulatorConfig config) throws InterruptedException {
    Accumulator accumulator = Accumulator.start(config);
    accumulator.awaitReady(READY);
    return accumulator;
  }

  private static void assertRunning(Accumulator accumulator) {
    assertThat(accumulator.failure().toCompletableFuture()).isNotDone();
  }

  private SyntheticFlush flush(Fit fit, int partition, long from, long to) {
    return SyntheticFlush.of(fit, random)
        .range(partition, from, to)
        .records("code", 1 + random.nextInt(2))
        .records("math", 1 + random.nextInt(2))
        .build();
  }

  private static CutRequested request(String id, PartitionOffset... upTo) {
    return new CutRequested(SyntheticFit.ROUTER, id, List.of(upTo), null, false);
  }

  private void assertSums(Fit fit, LayersOfCut cut, PlainSums expected) {
    assertThat(cut.failures()).as("seed %d", seed).isEmpty();
    for (int layer = 0; layer < fit.getLayers(); layer++) {
      assertThat(cut.gram(layer))
          .as("A of layer %d, seed %d", layer, seed)
          .isEqualTo(expected.gram(layer, DOMAINS));
      assertThat(cut.targets(layer))
          .as("b of layer %d, seed %d", layer, seed)
          .isEqualTo(expected.targets(layer, DOMAINS));
    }
  }

  @Test
  void shouldGiveTheSumsOfPlainAdditionAtACutOfAllLayersInAllPartitions() throws Exception {
    System.out.printf("-Ddume.seed=%d%n", seed);
    Topics topics = new Topics("sums.");
    Fit fit = SyntheticFit.of("sums", 7, 33, 8, 3, PARTITIONS);
    PlainSums sums = new PlainSums(fit);
    try (Accumulator accumulator = started(config(topics));
        Installation outside = new Installation(kafka(), topics, PARTITIONS)) {
      outside.control(
          SyntheticFit.created(SyntheticFit.ROUTER, fit),
          SyntheticFit.experts(SyntheticFit.ROUTER, 1, "code", "math"),
          request("all", new PartitionOffset(0, 40L), new PartitionOffset(1, 40L)));
      for (int i = 0; i < 8; i++) {
        SyntheticFlush flush = flush(fit, i % 2, 10L * (i / 2), 10L * (i / 2) + 10);
        outside.abort(fit, flush(fit, 2, 0, 10));
        outside.commit(fit, flush);
        sums.add(flush);
      }

      LayersOfCut cut = outside.awaitCut(fit, 1);

      assertSums(fit, cut, sums);
      assertThat(((Cut) outside.awaitCuts(1).get(0)).getSequence()).isEqualTo(8);
      assertRunning(accumulator);
    }
  }

  @Test
  void shouldAnswerARequestFasterThanTheFoldCommitsByItself() throws Exception {
    Topics topics = new Topics("quick.");
    Fit fit = SyntheticFit.of("quick", 4, 129, 64, 3, PARTITIONS);
    try (Accumulator accumulator = started(config(topics));
        Installation outside = new Installation(kafka(), topics, PARTITIONS)) {
      outside.control(
          SyntheticFit.created(SyntheticFit.ROUTER, fit),
          SyntheticFit.experts(SyntheticFit.ROUTER, 1, "code", "math"));
      // Warm: the first transactions of a broker make its internal topics.
      outside.commit(fit, flush(fit, 0, 0, 10));
      outside.control(request("first", new PartitionOffset(0, 10L)));
      outside.awaitCut(fit, 1);
      Duration slowest = Duration.ZERO;
      for (int i = 1; i <= 5; i++) {
        outside.control(request("r" + i, new PartitionOffset(0, 10L * i + 10)));
        long committed = outside.commit(fit, flush(fit, 0, 10L * i, 10L * i + 10));

        outside.awaitCut(fit, i + 1L);

        Duration latency = Duration.ofNanos(System.nanoTime() - committed);
        System.out.printf("manifest committed to last layer complete: %d ms%n", latency.toMillis());
        slowest = latency.compareTo(slowest) > 0 ? latency : slowest;
      }
      assertThat(slowest).isLessThan(config(topics).commitInterval());
      assertRunning(accumulator);
    }
  }

  /** Names of files that are gone after a clean stop; the rest is there. */
  @ParameterizedTest(name = "without {0}")
  @CsvSource({
    "everything, .*",
    "CURRENT, CURRENT",
    "tables, .*\\.sst",
    "descriptors, MANIFEST.*",
    "stores, .*(sst|log|CURRENT|IDENTITY|LOG.*|OPTIONS.*|MANIFEST.*)"
  })
  void shouldGoOnAfterARestartThatLostOfItsStateDirectory(String what, String gone)
      throws Exception {
    System.out.printf("-Ddume.seed=%d%n", seed);
    Topics topics = new Topics("lost-%s.".formatted(what));
    Fit fit = SyntheticFit.of("lost", 5, 20, 8, 3, PARTITIONS);
    PlainSums sums = new PlainSums(fit);
    SyntheticFlush first = flush(fit, 0, 0, 10);
    SyntheticFlush second = flush(fit, 0, 10, 20);
    try (Accumulator accumulator = started(config(topics));
        Installation outside = new Installation(kafka(), topics, PARTITIONS)) {
      outside.control(
          SyntheticFit.created(SyntheticFit.ROUTER, fit),
          SyntheticFit.experts(SyntheticFit.ROUTER, 1, "code", "math"),
          request("before", new PartitionOffset(0, 10L)));
      outside.commit(fit, first);
      sums.add(first);
      assertSums(fit, outside.awaitCut(fit, 1), sums);
      assertRunning(accumulator);
    }
    delete(state, gone);

    try (Accumulator again = started(config(topics));
        Installation outside = new Installation(kafka(), topics, PARTITIONS)) {
      outside.commit(fit, first);
      outside.commit(fit, second);
      sums.add(second);
      outside.control(request("after", new PartitionOffset(0, 20L)));

      LayersOfCut cut = outside.awaitCut(fit, 2);

      assertSums(fit, cut, sums);
      assertThat(outside.awaitDeadLetters(1 + PARTITIONS))
          .as("the first flush, sent again, and its tiles in each partition")
          .extracting(l -> ((DeadLetter) l).getReason())
          .containsOnly("overlap");
      assertRunning(again);
    }
  }

  private static void delete(Path directory, String names) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(directory)) {
      files =
          all.filter(Files::isRegularFile)
              .filter(file -> file.getFileName().toString().matches(names))
              .toList();
    }
    assertThat(files).as("files to lose").isNotEmpty();
    for (Path file : files) {
      Files.delete(file);
    }
  }

  @Test
  void shouldSetTheLargestGarbageThatATopicTakesAsideAndGoOn() throws Exception {
    Topics topics = new Topics("garbage.");
    Fit fit = SyntheticFit.of("garbage", 2, 5, 4, 3, PARTITIONS);
    try (Accumulator accumulator = started(config(topics));
        Installation outside = new Installation(kafka(), topics, PARTITIONS)) {
      Map<String, Integer> limits =
          Map.of(
              topics.flushManifests(), Topics.MAX_MESSAGE_BYTES,
              topics.partialStatistics(), Topics.MAX_MESSAGE_BYTES,
              topics.control(), Topics.MAX_CONTROL_BYTES);
      for (Map.Entry<String, Integer> limit : limits.entrySet()) {
        byte[] garbage = new byte[limit.getValue() - 200];
        random.nextBytes(garbage);
        outside.send(limit.getKey(), garbage);
        outside.send(limit.getKey(), null);
      }
      SyntheticFlush flush = flush(fit, 0, 0, 10);

      outside.control(
          SyntheticFit.created(SyntheticFit.ROUTER, fit),
          SyntheticFit.experts(SyntheticFit.ROUTER, 1, "code", "math"),
          request("r", new PartitionOffset(0, 10L)));
      outside.commit(fit, flush);

      PlainSums sums = new PlainSums(fit);
      sums.add(flush);
      assertSums(fit, outside.awaitCut(fit, 1), sums);
      assertThat(outside.awaitDeadLetters(6))
          .extracting(l -> ((DeadLetter) l).getReason())
          .containsOnly("malformed-message");
      assertThat(outside.awaitDeadLetters(6))
          .filteredOn(l -> ((DeadLetter) l).getDetail().contains("too large to be copied"))
          .as("the large ones are named by their place")
          .hasSize(2);
      assertRunning(accumulator);
    }
  }

  @Test
  void shouldRefuseTopicsThatDoNotBelongTogether() throws Exception {
    Topics topics = new Topics("apart.");
    try (Admin admin = Admin.create(kafka().admin())) {
      topics.create(admin, new Topics.Partitions(1, 2), Map.of());
      admin
          .createPartitions(Map.of(topics.layerStatistics(), NewPartitions.increaseTo(4)))
          .all()
          .get();
    }

    assertThatExceptionOfType(AccumulatorException.class)
        .isThrownBy(() -> Accumulator.start(config(topics)))
        .withMessageContaining("layer-statistics has 4")
        .withMessageContaining("partial-statistics has 2");
  }

  @Test
  void shouldReportAnApplicationThatFailsForGood() throws Exception {
    Topics topics = new Topics("broken.");
    try (Accumulator accumulator = started(config(topics));
        Admin admin = Admin.create(kafka().admin())) {
      admin.deleteTopics(List.of(topics.partialStatistics())).all().get();

      assertThat(accumulator.failure().toCompletableFuture())
          .succeedsWithin(READY)
          .asInstanceOf(type(AccumulatorException.class))
          .satisfies(e -> assertThat(e).hasMessageContaining("has failed"));
    }
  }
}
