package io.dume.feed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.dume.embedded.EmbeddedBroker;
import io.dume.embedded.EmbeddedBrokerConfig;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.Wire;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class FeedIT {
  private static final Duration PATIENCE = Duration.ofSeconds(40);

  private static EmbeddedBroker broker;

  private final List<FeedProgress> progress = new CopyOnWriteArrayList<>();
  private Topics topics;
  private FeedConfig config;

  @BeforeAll
  static void startBroker(@TempDir Path directory) {
    broker = EmbeddedBroker.start(EmbeddedBrokerConfig.in(directory));
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @BeforeEach
  void configure(TestInfo test) {
    topics = new Topics(Integer.toHexString(test.getDisplayName().hashCode()) + ".");
    config =
        FeedConfig.defaults(KafkaSettings.of(broker.bootstrapServers()), 4)
            .withSequencesPerRecord(2)
            .withTopics(topics, new Topics.Partitions(3, 1))
            .withProgressInterval(Duration.ZERO);
  }

  private Feed feed(FeedConfig with) throws InterruptedException {
    return new Feed(
        with, new CharacterEncoder(), Set.of("math", "novel"), progress::add, Clock.systemUTC());
  }

  private FeedReport send(FeedConfig with, FeedSource... sources) throws InterruptedException {
    try (Feed feed = feed(with)) {
      return feed.send(List.of(sources));
    }
  }

  private static FeedSource text(String domain, String text) {
    return new FeedSource.TextStream(
        domain,
        new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)),
        FeedSource.Split.BLANK_LINES);
  }

  private List<ConsumerRecord<byte[], byte[]>> read(String topic) {
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            config.kafka().consumer(Map.of()),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map(p -> new TopicPartition(topic, p.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
      while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
        consumer.poll(Duration.ofMillis(100)).forEach(records::add);
      }
      return records;
    }
  }

  private List<TokenBatch> batches() throws Exception {
    List<TokenBatch> batches = new ArrayList<>();
    for (ConsumerRecord<byte[], byte[]> record : read(topics.tokenBatches())) {
      TokenBatch batch = Wire.decode(record.value(), TokenBatch.class);
      assertThat(record.key()).isEqualTo(batch.getId().bytes());
      batches.add(batch);
    }
    return batches;
  }

  @Test
  void shouldSendEveryDocumentUnderItsIdAndReportIt(@TempDir Path directory) throws Exception {
    Path lines = directory.resolve("docs.jsonl");
    Files.writeString(
        lines,
        """
        {"domain": "novel", "id": "moby", "text": "call me ishmael"}
        {"domain": "poetry", "text": "x"}
        """);

    FeedReport report =
        send(config, text("math", "one\n\ntwo plus two"), new FeedSource.JsonLines(lines));

    List<TokenBatch> sent = batches();
    assertThat(sent).hasSize(5);
    assertThat(sent).extracting(TokenBatch::getId).doesNotHaveDuplicates();
    assertThat(sent)
        .filteredOn(b -> b.getDomain().equals("novel"))
        .extracting(TokenBatch::getId)
        .containsExactlyInAnyOrder(
            Ids.ofRecord("jsonl:docs.jsonl", "novel/moby", 0),
            Ids.ofRecord("jsonl:docs.jsonl", "novel/moby", 1));
    assertThat(report.total().documents()).isEqualTo(3);
    assertThat(report.total().records()).isEqualTo(5);
    assertThat(report.tokensByDomain())
        .containsOnly(Map.entry("math", 17L), Map.entry("novel", 16L));
    assertThat(report.total().tokens()).isEqualTo(33);
    assertThat(report.listed()).extracting(SetAsideDocument::where).containsExactly(lines + ":2");
    assertThat(report.positions().values().stream().mapToLong(p -> p).sum()).isEqualTo(5);
    assertThat(progress).last().isEqualTo(report.total());
    assertThat(progress).hasSizeGreaterThan(3);
  }

  @Test
  void shouldSendTheSameIdsToTheSamePartitionsWhenADocumentComesAgain() throws Exception {
    send(config, text("math", "some text that makes several records"));
    List<TokenBatch> first = batches();

    FeedReport report = send(config, text("math", "some text that makes several records"));

    List<TokenBatch> both = batches();
    assertThat(both).hasSize(2 * first.size());
    assertThat(Set.copyOf(both)).isEqualTo(Set.copyOf(first));
    // Each partition has an even number: the same records twice.
    assertThat(report.positions().values()).allSatisfy(p -> assertThat(p % 2).isZero());
  }

  @Test
  void shouldTakeSourcesInTurn() throws Exception {
    FeedConfig one =
        config
            .withTopics(topics, new Topics.Partitions(1, 1))
            .withSequencesPerRecord(1)
            .withInterleave(true);

    send(one, text("math", "aaaabbbbccc"), text("novel", "aaaabbbbccccddd"));

    assertThat(batches())
        .extracting(TokenBatch::getDomain)
        .containsExactly("math", "novel", "math", "novel", "math", "novel", "novel");
  }

  @Test
  void shouldKeepThePaceUntilItIsStopped() throws Exception {
    String text = "twelve chars".repeat(200);
    try (Feed feed = feed(config.withTokensPerSecond(OptionalDouble.of(100)))) {
      CompletableFuture<FeedReport> report =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return feed.send(List.of(text("math", text)));
                } catch (InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              });
      await()
          .atMost(PATIENCE)
          .until(() -> !progress.isEmpty() && progress.get(progress.size() - 1).tokens() >= 80);
      feed.stop();

      FeedProgress total = report.get().total();
      // A record of 8 tokens may be ahead.
      double allowed = total.elapsed().toMillis() * 100 / 1000.0 + 8;
      assertThat((double) total.tokens()).isBetween(80.0, allowed);
      assertThat(batches()).hasSize((int) total.records());
    }
  }

  @Test
  void shouldFailWhenTheBrokerRefusesARecord() throws Exception {
    Map<String, String> small = Map.of("topic.max.message.bytes", "100");
    FeedConfig refused =
        new FeedConfig(
            new KafkaSettings(broker.bootstrapServers(), small),
            topics,
            new Topics.Partitions(1, 1),
            1000,
            1,
            false,
            false,
            OptionalDouble.empty(),
            1 << 20,
            Duration.ofSeconds(1));

    assertThatThrownBy(() -> send(refused, text("math", "x".repeat(500))))
        .isInstanceOf(FeedException.class)
        .hasMessageContaining("ids stay the same");
  }

  @Test
  void shouldFollowATopicGoOnWhereItStoppedAndSetAsideWhatIsNoDocument() throws Exception {
    String documents = topics.prefix() + "documents";
    create(documents);
    publish(
        documents,
        "{\"domain\": \"math\", \"id\": \"a\", \"text\": \"one\"}",
        "{\"domain\": \"math\", \"text\": \"two\"}",
        "not json",
        null,
        "{\"domain\": \"poetry\", \"text\": \"x\"}");

    FeedReport first = followUntil(documents, 2, 3);
    publish(documents, "{\"domain\": \"novel\", \"id\": \"c\", \"text\": \"three\"}");
    progress.clear();
    FeedReport second = followUntil(documents, 1, 0);

    assertThat(batches())
        .extracting(TokenBatch::getId)
        .containsExactlyInAnyOrder(
            Ids.ofRecord("topic:" + documents, "math/a", 0),
            Ids.ofRecord("topic:" + documents, "0-1", 0),
            Ids.ofRecord("topic:" + documents, "novel/c", 0));
    assertThat(first.listed())
        .extracting(SetAsideDocument::reason)
        .containsExactly("malformed-line", "malformed-line", "unknown-domain");
    assertThat(second.total().documents()).isEqualTo(1);
    List<String> letters = new ArrayList<>();
    for (ConsumerRecord<byte[], byte[]> record : read(topics.deadLetters())) {
      DeadLetter letter = Wire.decode(record.value(), DeadLetter.class);
      letters.add(letter.getService() + " " + letter.getOffset() + " " + letter.getReason());
    }
    assertThat(letters)
        .containsExactly("feed 2 malformed-line", "feed 3 malformed-line", "feed 4 unknown-domain");
  }

  private FeedReport followUntil(String topic, long documents, long setAside) throws Exception {
    try (Feed feed = feed(config)) {
      CompletableFuture<FeedReport> report =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return feed.follow(List.of(topic), Feed.defaultGroup(topics));
                } catch (InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              });
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  progress.stream()
                      .anyMatch(p -> p.documents() == documents && p.setAside() == setAside));
      feed.stop();
      return report.get();
    }
  }

  private void create(String topic) throws Exception {
    try (Admin admin = Admin.create(config.kafka().admin())) {
      admin
          .createTopics(List.of(new org.apache.kafka.clients.admin.NewTopic(topic, 1, (short) 1)))
          .all()
          .get();
    }
  }

  private void publish(String topic, String... values) throws Exception {
    try (KafkaProducer<String, String> producer =
        new KafkaProducer<>(
            config.kafka().producer(Map.of()), new StringSerializer(), new StringSerializer())) {
      for (int i : IntStream.range(0, values.length).toArray()) {
        producer.send(new ProducerRecord<>(topic, values[i])).get();
      }
    }
  }
}
