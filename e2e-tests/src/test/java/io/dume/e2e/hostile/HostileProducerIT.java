package io.dume.e2e.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.e2e.Command;
import io.dume.e2e.DumeProcess;
import io.dume.e2e.GoldenOracle;
import io.dume.router.RouterEvent;
import io.dume.router.RouterHistory;
import io.dume.schemas.control.ControlLog;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.DomainTokens;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.Wire;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * One life of {@code dume up} in a JVM of its own with a bounded heap, while a stranger writes to
 * every topic. The tests are steps of it, so their order counts. {@code -Dhostile.seed=N} has
 * another stranger, {@code -Dhostile.records=N} one of another stamina.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class HostileProducerIT {
  private static final long SEED = Long.getLong("hostile.seed", 1);
  private static final int RECORDS = Integer.getInteger("hostile.records", 10_000);
  private static final int STATISTICS_PARTITIONS = 2;
  private static final Duration PATIENCE = Duration.ofMinutes(4);

  @TempDir static Path directory;

  private static Path model;
  private static Installation up;
  private static Contract contract;
  private static Outcome outcome;
  private static RouterVersion first;

  @BeforeAll
  static void start() {
    model = GoldenOracle.merge(directory.resolve("merged"));
    up = Installation.start(directory, model, STATISTICS_PARTITIONS);
    contract = new Contract(awaitFit(), STATISTICS_PARTITIONS);
    System.out.printf("hostile.seed=%d hostile.records=%d%n", SEED, RECORDS);
  }

  private static Fit awaitFit() {
    try (ControlLog control = new ControlLog(kafka(), Messages.TOPICS)) {
      return Awaitility.await()
          .atMost(PATIENCE)
          .until(
              () -> {
                control.catchUp();
                return control.state().experts("default").isPresent()
                    ? control.state().fit("default")
                    : Optional.<Fit>empty();
              },
              Optional::isPresent)
          .orElseThrow();
    }
  }

  private static KafkaSettings kafka() {
    return KafkaSettings.of(up.bootstrapServers());
  }

  @AfterAll
  static void stop() {
    up.close();
  }

  @Test
  @Order(1)
  void shouldMakeTheSameRouterWhateverAStrangerWritesBetweenTheGoodRecords()
      throws IOException, InterruptedException {
    List<HostileRecord> hostile = new Fuzzer(SEED, contract).records(RECORDS);
    List<ProducerRecord<byte[], byte[]>> good = goodRecords();
    try (Outlet outlet = new Outlet(up.bootstrapServers())) {
      for (int i = 0, sent = 0; i < hostile.size(); i++) {
        outlet.hostile(hostile.get(i));
        for (; sent < good.size() * (i + 1L) / hostile.size(); sent++) {
          outlet.good(good.get(sent));
        }
      }
      outcome = new Outcome(contract, outlet.settle());
    }

    first = requestInTheFirstSchema("seed-" + SEED);

    assertThat(first.getVersion()).isEqualTo(1);
    assertThat(tokens(first.getDomains()))
        .isEqualTo(
            GoldenOracle.EXPERTS.stream().collect(Collectors.toMap(e -> e, GoldenOracle::tokens)));
    assertThat(tokens(first.getHeldOut())).isEqualTo(outcome.heldOutTokens());
    assertThat(first.getDuplicates()).isZero();
    assertThat(first.getSetAside())
        .isEqualTo(outcome.count(Contract.Fate.SET_ASIDE, Messages.TOPICS.tokenBatches()));
    Path router = directory.resolve("router.safetensors");
    Command.Result exported =
        Command.run(
            "router", "export", "--bootstrap-servers", up.bootstrapServers(), "--out", router);
    assertThat(exported.status()).as(exported.toString()).isZero();
    GoldenOracle.assertGates(router);
  }

  private static List<ProducerRecord<byte[], byte[]>> goodRecords() {
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    for (GoldenOracle.Labelled labelled : GoldenOracle.batches()) {
      String document = "good-" + records.size();
      var id = Ids.ofRecord("friend", document, 0);
      TokenBatch batch =
          new TokenBatch(
              id, "friend", document, 0, labelled.expert(), false, "", List.of(labelled.ids()));
      records.add(
          new ProducerRecord<>(Messages.TOPICS.tokenBatches(), id.bytes(), Wire.encode(batch)));
    }
    return records;
  }

  /** What a client of the first version asks for is answered. */
  private static RouterVersion requestInTheFirstSchema(String request) throws InterruptedException {
    Schema schema = Messages.first(CutRequested.getClassSchema());
    assertThat(schema).isNotEqualTo(CutRequested.getClassSchema());
    Map<String, Object> fields = new HashMap<>();
    fields.put("router", "default");
    fields.put("request", request);
    fields.put("upTo", ends(schema.getField("upTo").schema().getElementType()));
    fields.put("lambda", 0.01);
    byte[] value = new RandomMessages(new Random(0)).message(schema, fields);
    try (RouterHistory history = RouterHistory.open(kafka(), Messages.TOPICS, "default");
        Outlet outlet = new Outlet(up.bootstrapServers())) {
      outlet.good(new ProducerRecord<>(Messages.TOPICS.control(), 0, null, value));
      return Awaitility.await("the version of " + request)
          .atMost(PATIENCE)
          .until(
              () -> {
                up.requireAlive();
                return history.next(Duration.ofSeconds(1)).stream()
                    .flatMap(event -> answer(event, request).stream())
                    .findFirst();
              },
              Optional::isPresent)
          .orElseThrow();
    }
  }

  private static Optional<RouterVersion> answer(RouterEvent event, String request) {
    if (event instanceof RouterEvent.Refused refused) {
      assertThat(refused.refusal().getRequests())
          .as(refused.refusal().getReason())
          .doesNotContain(request);
      return Optional.empty();
    }
    return Optional.of(((RouterEvent.Published) event).version())
        .filter(version -> version.getRequests().contains(request));
  }

  private static List<Object> ends(Schema item) throws InterruptedException {
    List<Object> ends = new ArrayList<>();
    Map<TopicPartition, OffsetSpec> wanted =
        contract.fit().getStart().stream()
            .collect(
                Collectors.toMap(
                    s -> new TopicPartition(Messages.TOPICS.tokenBatches(), s.getPartition()),
                    s -> OffsetSpec.latest()));
    try (Admin admin = Admin.create(kafka().admin())) {
      admin
          .listOffsets(wanted)
          .all()
          .get()
          .forEach(
              (partition, end) -> {
                GenericData.Record place = new GenericData.Record(item);
                place.put("partition", partition.partition());
                place.put("offset", end.offset());
                ends.add(place);
              });
      return ends;
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    }
  }

  private static Map<String, Long> tokens(List<DomainTokens> domains) {
    return domains.stream()
        .collect(Collectors.toMap(DomainTokens::getDomain, DomainTokens::getTokens));
  }

  @Test
  @Order(2)
  void shouldSetEveryHostileRecordAsideOrPassOverItAsTheRulesSay() {
    Set<Long> forged =
        outcome.places().stream()
            .filter(p -> p.topic().equals(Messages.TOPICS.deadLetters()))
            .map(Outlet.Place::offset)
            .collect(Collectors.toSet());
    try (Letters letters = new Letters(up.bootstrapServers(), forged)) {
      // A manifest of a fit that nobody knows waits half a minute for the control log.
      Awaitility.await()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofSeconds(1))
          .untilAsserted(
              () ->
                  assertThat(outcome.withoutLetter(letters.read()))
                      .as("without a letter, seed " + SEED)
                      .isEmpty());

      assertThat(outcome.wrongLetters(letters.read())).as("wrong letters, seed " + SEED).isEmpty();
      System.out.println(outcome.table(letters.read()));
    }
    assertReadPast();
  }

  /** Every reader with a committed position is behind the last record of the stranger. */
  private static void assertReadPast() {
    Map<TopicPartition, Long> committed = new HashMap<>();
    try (Admin admin = Admin.create(kafka().admin())) {
      for (var group : admin.listGroups(ListGroupsOptions.forConsumerGroups()).all().get()) {
        admin
            .listConsumerGroupOffsets(group.groupId())
            .partitionsToOffsetAndMetadata()
            .get()
            .forEach((p, at) -> committed.merge(p, at.offset(), Math::max));
      }
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
    outcome.places().stream()
        .filter(p -> !withoutGroup().contains(p.topic()))
        .forEach(
            p ->
                assertThat(committed.get(new TopicPartition(p.topic(), p.partition())))
                    .as("the position behind " + p)
                    .isGreaterThan(p.offset()));
  }

  /** Read from the beginning by everybody who wants them; the next tests do. */
  private static Set<String> withoutGroup() {
    return Set.of(
        Messages.TOPICS.countedIds(),
        Messages.TOPICS.routerVersions(),
        Messages.TOPICS.deadLetters());
  }

  @Test
  @Order(3)
  void shouldStillListDeadLettersAndVersions() {
    Command.Result letters =
        Command.run("dead-letters", "--json", "--bootstrap-servers", up.bootstrapServers());
    Command.Result versions =
        Command.run("versions", "--json", "--bootstrap-servers", up.bootstrapServers());

    assertThat(letters.status()).as(letters.err()).isZero();
    assertThat(letters.lines())
        .hasSizeGreaterThanOrEqualTo(outcome.of(Contract.Fate.SET_ASIDE).size());
    assertThat(versions.status()).as(versions.err()).isZero();
    assertThat(versions.out()).contains(first.getSha256());
  }

  @Test
  @Order(4)
  void shouldStayWithinItsMemoryAndStopInOrder() throws IOException, InterruptedException {
    up.requireAlive();
    long resident = up.mostResidentBytes();

    int status = up.terminate();

    assertThat(status).as(up.tail()).isEqualTo(DumeProcess.TERMINATED);
    assertThat(up.outOfMemory()).isEmpty();
    System.out.printf(
        "most resident %d MiB, most heap after a full collection %d MiB of %d MiB%n",
        resident >> 20, up.mostHeapBytes() >> 20, Installation.HEAP_BYTES >> 20);
    assertThat(up.mostHeapBytes()).isLessThan(Installation.HEAP_BYTES);
    assertThat(resident).isLessThan(Installation.RESIDENT_BYTES);
  }

  @Test
  @Order(5)
  void shouldStartAgainOnWhatTheStrangerLeftAndCountNothingTwice() throws InterruptedException {
    up = Installation.start(directory, model, STATISTICS_PARTITIONS);
    try (Outlet outlet = new Outlet(up.bootstrapServers())) {
      goodRecords().forEach(outlet::good);
      outlet.settle();
    }

    RouterVersion second = requestInTheFirstSchema("again-" + SEED);

    assertThat(second.getVersion()).isEqualTo(2);
    assertThat(second.getSha256()).isEqualTo(first.getSha256());
    assertThat(second.getDomains()).isEqualTo(first.getDomains());
    assertThat(second.getDuplicates()).isEqualTo(goodRecords().size());
    assertThat(up.terminate()).as(up.tail()).isEqualTo(DumeProcess.TERMINATED);
    assertThat(up.outOfMemory()).isEmpty();
  }
}
