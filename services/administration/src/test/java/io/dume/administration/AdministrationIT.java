package io.dume.administration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.dume.embedded.EmbeddedBroker;
import io.dume.embedded.EmbeddedBrokerConfig;
import io.dume.schemas.control.ControlLog;
import io.dume.schemas.control.FitStatus;
import io.dume.schemas.control.Membership;
import io.dume.schemas.kafka.DeadLetters;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.ExtractionProfile;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.StatisticsKey;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class AdministrationIT {
  private static final String ROUTER = "demo";

  private static EmbeddedBroker broker;
  private static int installations;

  private KafkaSettings kafka;
  private Topics topics;
  private Fit fit;

  @BeforeAll
  static void startBroker(@TempDir Path directory) {
    broker = EmbeddedBroker.start(EmbeddedBrokerConfig.in(directory));
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @BeforeEach
  void createFit() throws InterruptedException {
    kafka = KafkaSettings.of(broker.bootstrapServers());
    topics = new Topics("a" + ++installations + ".");
    try (Admin admin = Admin.create(kafka.admin())) {
      topics.create(admin, new Topics.Partitions(3, 1), Map.of());
    }
    fit = fit("");
    append(new FitCreated(ROUTER, fit, Instant.EPOCH, false));
    append(
        new ExpertsChanged(
            ROUTER,
            1,
            List.of(expert("math"), expert("law")),
            List.of(
                new DomainExpert("math", "math"),
                new DomainExpert("law", "law"),
                new DomainExpert("patents", "law")),
            fit.getId(),
            List.of()));
  }

  private static Expert expert(String name) {
    return new Expert(name, "mlp-of-" + name);
  }

  static Fit fit(String label) {
    Fit fit =
        new Fit(
            Ids.random(),
            "backbone",
            "mlp-input",
            64,
            20,
            256,
            new ExtractionProfile("cpu", "avx2", "libtorch 2.5.1", "float64"),
            label,
            1,
            4,
            100,
            64,
            1024,
            "",
            1,
            List.of(
                new PartitionOffset(0, 0L),
                new PartitionOffset(1, 0L),
                new PartitionOffset(2, 0L)));
    return Fit.newBuilder(fit).setId(Ids.ofFit(fit)).build();
  }

  private void append(SpecificRecord message) throws InterruptedException {
    try (ControlLog log = new ControlLog(kafka, topics)) {
      log.append(message);
    }
  }

  private ExpertLists lists() {
    return new ExpertLists(kafka, topics, ROUTER);
  }

  private static List<String> domains(ExpertsChanged list) {
    return list.getDomains().stream().map(DomainExpert::getDomain).toList();
  }

  @Test
  void shouldKeepTheExpertWhileADomainOfItIsLeft() throws InterruptedException {
    ExpertsChanged list = lists().removeDomain("patents");

    assertThat(list.getExperts()).containsExactly(expert("math"), expert("law"));
    assertThat(domains(list)).containsExactly("math", "law");
  }

  @Test
  void shouldRemoveTheExpertWithItsLastDomainAndBringItBackWithIt() throws InterruptedException {
    ExpertsChanged without = lists().removeDomain("math");

    ExpertsChanged again = lists().addDomain("math", Optional.empty());

    assertThat(without.getExperts()).containsExactly(expert("law"));
    assertThat(again.getExperts()).containsExactly(expert("law"), expert("math"));
    try (ControlLog log = new ControlLog(kafka, topics)) {
      assertThat(log.state().memberships(fit.getId()).get("math"))
          .isEqualTo(new Membership("math", "mlp-of-math", 3));
    }
  }

  @Test
  void shouldRefuseAListWithoutExperts() throws InterruptedException {
    lists().removeExpert("law");

    assertThatExceptionOfType(AdministrationException.class)
        .isThrownBy(() -> lists().removeExpert("math"))
        .withMessageContaining("would have no expert left");
    assertThatExceptionOfType(AdministrationException.class)
        .isThrownBy(() -> lists().removeDomain("math"))
        .withMessageContaining("would have no expert left");
  }

  @Test
  void shouldNameWhatThereIsWhereSomethingIsNot() {
    assertThatExceptionOfType(AdministrationException.class)
        .isThrownBy(() -> lists().removeDomain("novel"))
        .withMessageContaining("math, law, patents");
    assertThatExceptionOfType(AdministrationException.class)
        .isThrownBy(() -> lists().addDomain("novel", Optional.of("poetry")))
        .withMessageContaining("has math, law");
    assertThatExceptionOfType(AdministrationException.class)
        .isThrownBy(() -> lists().addExpert(expert("poetry"), List.of("law")))
        .withMessageContaining("belongs to expert law");
  }

  @Test
  void shouldKeepEveryChangeOfThoseWhoChangeTheListAtOnce()
      throws InterruptedException, ExecutionException {
    List<CompletableFuture<Void>> changes = new ArrayList<>();
    for (String name : List.of("a", "b", "c", "d")) {
      changes.add(
          CompletableFuture.runAsync(
              () -> {
                try {
                  lists().addExpert(expert(name), List.of(name));
                } catch (InterruptedException e) {
                  throw new IllegalStateException("interrupted", e);
                }
              }));
    }

    for (CompletableFuture<Void> change : changes) {
      change.get();
    }

    assertThat(domains(lists().current()))
        .containsExactlyInAnyOrder("math", "law", "patents", "a", "b", "c", "d");
    assertThat(lists().current().getVersion()).isEqualTo(5);
  }

  @Test
  void shouldRemoveARetiredFitWithItsOffsetsAndCountedIds()
      throws InterruptedException, ExecutionException {
    Fit candidate = fit("replay-1");
    append(new FitCreated(ROUTER, candidate, Instant.EPOCH, true));
    Id counted = Ids.ofRecord("test", "a", 0);
    send(topics.countedIds(), StatisticsKey.counted(candidate.getId(), counted), new byte[16]);
    send(topics.countedIds(), StatisticsKey.counted(fit.getId(), counted), new byte[16]);
    String group = topics.workers(candidate.getId());
    try (Admin admin = Admin.create(kafka.admin())) {
      admin
          .alterConsumerGroupOffsets(
              group, Map.of(new TopicPartition(topics.tokenBatches(), 0), new OffsetAndMetadata(5)))
          .all()
          .get();
    }
    FitRetention retention = new FitRetention(kafka, topics, ROUTER);

    long forgotten = retention.remove(retention.find("replay-1"));

    assertThat(forgotten).isEqualTo(1);
    assertThat(retention.list()).extracting(FitSummary::fit).containsExactly(fit);
    assertThat(retention.list()).extracting(FitSummary::status).containsExactly(FitStatus.SERVING);
    try (Admin admin = Admin.create(kafka.admin())) {
      assertThat(admin.listGroups().all().get())
          .noneMatch(listing -> listing.groupId().equals(group));
    }
    assertThat(read(topics.countedIds()))
        .filteredOn(record -> record.value() == null)
        .extracting(ConsumerRecord::key)
        .containsExactly(StatisticsKey.counted(candidate.getId(), counted));
    assertThat(retention.remove(candidate.getId())).as("what was cut short is finished").isZero();
  }

  @Test
  void shouldNotRemoveTheFitThatServes() {
    FitRetention retention = new FitRetention(kafka, topics, ROUTER);

    assertThatExceptionOfType(AdministrationException.class)
        .isThrownBy(() -> retention.remove(fit.getId()))
        .withMessageContaining("serves router demo");
  }

  @Test
  void shouldNotMoveOverToAFitInWhichAnExpertHasNoTokens() throws InterruptedException {
    Fit candidate = fit("replay-1");
    append(new FitCreated(ROUTER, candidate, Instant.EPOCH, true));
    append(
        new ExpertsChanged(
            ROUTER,
            1,
            List.of(expert("math")),
            List.of(new DomainExpert("math", "math")),
            candidate.getId(),
            List.of("law")));
    Replays replays = new Replays(kafka, topics, ROUTER, Clock.systemUTC());

    assertThatExceptionOfType(AdministrationException.class)
        .isThrownBy(() -> replays.promote(candidate.getId(), () -> false))
        .withMessageContaining("expert math has no tokens");
    try (ControlLog log = new ControlLog(kafka, topics)) {
      assertThat(log.state().fit(ROUTER)).contains(fit);
    }
  }

  @Test
  void shouldTellHowFarAReplayIsUntilItReachesTheHead() throws Exception {
    byte[] key = Ids.ofRecord("test", "a", 0).bytes();
    send(topics.tokenBatches(), key, new byte[] {1});
    int partition = read(topics.tokenBatches()).get(0).partition();
    Replays replays = new Replays(kafka, topics, ROUTER, Clock.systemUTC());
    List<ReplayProgress> seen = new ArrayList<>();

    boolean reached =
        replays.awaitHead(
            fit,
            progress -> {
              seen.add(progress);
              commit(partition, 1);
            },
            () -> false);

    assertThat(reached).isTrue();
    assertThat(seen.get(0)).isEqualTo(new ReplayProgress(0, 1, Optional.empty()));
    assertThat(seen.get(seen.size() - 1).behind()).isZero();
  }

  private void commit(int partition, long offset) {
    try (Admin admin = Admin.create(kafka.admin())) {
      admin
          .alterConsumerGroupOffsets(
              topics.workers(fit.getId()),
              Map.of(
                  new TopicPartition(topics.tokenBatches(), partition),
                  new OffsetAndMetadata(offset)))
          .all()
          .get();
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException("the offset could not be committed", e);
    }
  }

  @Test
  void shouldSendALetterAgainAsItWasToThePartitionOfItsKey() throws Exception {
    byte[] key = Ids.ofRecord("test", "b", 0).bytes();
    byte[] value = {1, 2, 3};
    RecordHeaders headers = new RecordHeaders();
    headers.add("trace", new byte[] {9});
    DeadLetter letter =
        letter(topics.tokenBatches(), Optional.of(key), Optional.of(value), headers);
    send(topics.tokenBatches(), key, new byte[] {0});

    try (DeadLetterResend resend = new DeadLetterResend(kafka, topics)) {
      assertThat(resend.resend(letter)).isEqualTo(DeadLetterResend.Outcome.SENT);
      resend.flush();
    }

    List<ConsumerRecord<byte[], byte[]>> records = read(topics.tokenBatches());
    assertThat(records).hasSize(2);
    ConsumerRecord<byte[], byte[]> again = records.get(1);
    assertThat(again.key()).isEqualTo(key);
    assertThat(again.value()).isEqualTo(value);
    assertThat(again.partition()).isEqualTo(records.get(0).partition());
    assertThat(again.headers().lastHeader("trace").value()).containsExactly(9);
  }

  @Test
  void shouldNotSendWhatServicesTellEachOther() throws Exception {
    DeadLetter tile =
        letter(
            topics.partialStatistics(),
            Optional.empty(),
            Optional.of(new byte[1]),
            new RecordHeaders());
    DeadLetter large =
        letter(topics.tokenBatches(), Optional.empty(), Optional.empty(), new RecordHeaders());

    try (DeadLetterResend resend = new DeadLetterResend(kafka, topics)) {
      assertThat(resend.resend(tile)).isEqualTo(DeadLetterResend.Outcome.NOT_A_TOKEN_BATCH);
      assertThat(resend.resend(large)).isEqualTo(DeadLetterResend.Outcome.NOT_IN_THE_LETTER);
    }

    assertThat(read(topics.tokenBatches())).isEmpty();
  }

  private static DeadLetter letter(
      String topic, Optional<byte[]> key, Optional<byte[]> value, RecordHeaders headers) {
    return DeadLetters.of(
        new TopicPartition(topic, 2),
        7,
        0,
        key,
        value,
        headers,
        "feature-extractor",
        "removed-domain",
        "why",
        Instant.EPOCH);
  }

  private void send(String topic, byte[] key, byte[] value)
      throws InterruptedException, ExecutionException {
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            kafka.producer(Map.of()), new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.send(new ProducerRecord<>(topic, key, value)).get();
    }
  }

  private List<ConsumerRecord<byte[], byte[]>> read(String topic) {
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            kafka.reader(Map.of()), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map(p -> new TopicPartition(topic, p.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
        consumer.poll(Duration.ofMillis(100)).forEach(records::add);
      }
    }
    return records;
  }
}
