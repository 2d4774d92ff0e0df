package io.dume.e2e.containers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.dume.demo.DemoAssets;
import io.dume.demo.DemoAssets.Document;
import io.dume.demo.DemoAssets.Split;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.NotEnoughReplicasException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.lifecycle.Startables;
import org.testcontainers.utility.DockerImageName;
import org.testcontainers.utility.MountableFile;

/**
 * The services' image on three brokers, of which some fail while text comes in. The tests are steps
 * of one life, so their order counts; the last compares with an installation that lived in peace.
 */
@NeedsContainers
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(value = 8, unit = TimeUnit.MINUTES)
class ThreeBrokersIT {

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String PREFIX = "storm.";

  /** Text for each fault and a last one: what is fed while it happens. */
  private static final int PORTIONS = 8;

  private static final int DOCUMENTS_PER_DOMAIN = 4;

  /** Slow enough that the feed is still at it when a fault strikes. */
  private static final int TOKENS_PER_SECOND = 1200;

  private static final Duration SESSION = Duration.ofSeconds(8);
  private static final Duration CUT = SESSION.multipliedBy(2);
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  @TempDir static Path directory;

  private static Path model;
  private static List<Path> portions;
  private static Dume dume;
  private static ThreeBrokers brokers;
  private static final Map<String, GenericContainer<?>> SERVICES = new LinkedHashMap<>();

  private static int next;

  @BeforeAll
  @Timeout(value = 20, unit = TimeUnit.MINUTES)
  static void startAll() throws IOException {
    String kafka = Images.build();
    DemoAssets.unpack(directory);
    model = merge();
    portions = portions();
    brokers = ThreeBrokers.start(kafka);
    dume = Dume.at(brokers.bootstrapServers(), PREFIX);
    for (String worker : List.of("worker-a", "worker-b")) {
      service(worker, "feature-extractor", "--instance", worker, "--flush-interval", "1s")
          .withCopyFileToContainer(MountableFile.forHostPath(model, 0755), "/var/lib/dume/model")
          .withEnv("DUME_MODEL", "/var/lib/dume/model");
    }
    // One version alone, of everything: the file says its number.
    service("accumulator", "accumulator", "--instance", "a", "--cut-interval", "1h")
        .withEnv("DUME_CUT_TOKENS", Long.toString(Long.MAX_VALUE))
        .withEnv("DUME_STATE", "/var/lib/dume/state");
    service("solver", "solver");
    Startables.deepStart(SERVICES.values()).join();
    for (String worker : List.of("worker-a", "worker-b")) {
      awaitMember(worker);
    }
  }

  private static Path merge() {
    Path merged = directory.resolve("merged");
    List<Object> moerge = new ArrayList<>(List.of("moerge", "--out", merged));
    for (String domain : DemoAssets.DOMAINS) {
      moerge.add("--expert");
      moerge.add(domain + "=" + DemoAssets.expert(directory, domain));
    }
    new Dume(Map.of()).done(moerge.toArray());
    return merged;
  }

  /** Files of real text of all domains; no document is in two of them. */
  private static List<Path> portions() throws IOException {
    List<List<String>> lines = new ArrayList<>();
    Stream.generate(ArrayList<String>::new).limit(PORTIONS).forEach(lines::add);
    for (String domain : DemoAssets.DOMAINS) {
      try (Stream<Document> documents = DemoAssets.documents(domain, Split.TRAIN)) {
        List<Document> taken = documents.limit((long) PORTIONS * DOCUMENTS_PER_DOMAIN).toList();
        for (int n = 0; n < taken.size(); n++) {
          lines.get(n % PORTIONS).add(json(taken.get(n)));
        }
      }
    }
    List<Path> files = new ArrayList<>();
    for (int n = 0; n < PORTIONS; n++) {
      files.add(Files.write(directory.resolve("portion-%d.jsonl".formatted(n)), lines.get(n)));
    }
    return files;
  }

  private static String json(Document document) {
    return JSON.createObjectNode()
        .put("domain", document.domain())
        .put("id", document.id())
        .put("text", document.text())
        .toString();
  }

  private static GenericContainer<?> service(String name, String... command) {
    Map<String, String> environment = new HashMap<>();
    environment.put("DUME_BOOTSTRAP_SERVERS", brokers.bootstrapServersInside());
    environment.put("DUME_TOPIC_PREFIX", PREFIX);
    environment.put(
        "DUME_KAFKA_CONFIG",
        "consumer.session.timeout.ms=%d;consumer.heartbeat.interval.ms=2000"
            .formatted(SESSION.toMillis()));
    environment.put(
        "DUME_JAVA_OPTS",
        "-Xmx400m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dai.djl.pytorch.num_threads=1"
            + " -Dai.djl.pytorch.num_interop_threads=1");
    GenericContainer<?> container =
        new GenericContainer<>(DockerImageName.parse(Images.DUME))
            .withNetwork(brokers.network())
            .withEnv(environment)
            .withCommand(command);
    SERVICES.put(name, container);
    return container;
  }

  @AfterAll
  static void stopAll() {
    SERVICES.values().forEach(GenericContainer::stop);
    if (brokers != null) {
      brokers.close();
    }
  }

  @Test
  @Order(1)
  void shouldKeepThreeCopiesOfEveryTopicAndAcknowledgeWhatTwoHave() throws Exception {
    feed(Optional.empty()).join();

    Map<String, TopicDescription> topics = brokers.topics();
    assertThat(topics.keySet())
        .contains(PREFIX + "token-batches", "__consumer_offsets", "__transaction_state")
        .anyMatch(name -> name.endsWith("-changelog"));
    for (TopicDescription topic : topics.values()) {
      assertThat(topic.partitions())
          .as(topic.name())
          .allMatch(partition -> partition.replicas().size() == ThreeBrokers.NODES);
      ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic.name());
      String inStep =
          brokers
              .admin()
              .describeConfigs(Set.of(resource))
              .all()
              .get()
              .get(resource)
              .get("min.insync.replicas")
              .value();
      assertThat(inStep).as(topic.name()).isEqualTo("2");
    }
  }

  @ParameterizedTest
  @Order(2)
  @CsvSource({
    "storm.token-batches, 0",
    "storm.partial-statistics, 1",
    "storm.flush-manifests, 0",
    "__transaction_state, 2",
    "__consumer_offsets, 1"
  })
  void shouldGoOnWhenThePartitionsLeaderIsKilled(String topic, int partition) {
    CompletableFuture<Dume.Result> feed = feedThatIsUnderWay();
    int leader = brokers.leader(topic, partition);

    brokers.kill(leader);

    brokers.awaitFailover(leader);
    assertThat(feed).as("the feed, when the leader was lost").isNotDone();
    brokers.restart(leader);
    brokers.awaitWell();
    assertThat(feed.join().err()).contains("0 set aside");
  }

  @Test
  @Order(3)
  void shouldAcknowledgeNothingThatFewerCopiesHaveThanTheTopicAsksFor() throws Exception {
    String strict = "probe-of-three";
    String usual = "probe-of-two";
    Map<String, String> three = Map.of("min.insync.replicas", "3");
    brokers
        .admin()
        .createTopics(
            List.of(
                new NewTopic(strict, Optional.of(1), Optional.empty()).configs(three),
                new NewTopic(usual, Optional.of(1), Optional.empty())))
        .all()
        .get();
    brokers.awaitWell();
    acknowledge(strict);
    // One broker may lead both.
    List<Integer> leaders = List.of(brokers.leader(strict, 0), brokers.leader(usual, 0));
    int follower =
        Stream.of(1, 2, 3).filter(node -> !leaders.contains(node)).findFirst().orElseThrow();
    brokers.kill(follower);
    brokers.awaitInStep(strict, 2);
    brokers.awaitInStep(usual, 2);

    // The two that are left are a quorum: they go on, with what two copies are enough for.
    acknowledge(usual);
    assertThatThrownBy(() -> acknowledge(strict))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(NotEnoughReplicasException.class);

    brokers.restart(follower);
    brokers.awaitWell();
    acknowledge(strict);
  }

  /** Sends a record once, and returns when all copies that are in step have it. */
  private static void acknowledge(String topic) throws Exception {
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers",
            brokers.bootstrapServers(),
            "acks",
            "all",
            "enable.idempotence",
            "false",
            // The broker's answer, and not that of the tenth attempt after a minute.
            "retries",
            "0");
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.send(new ProducerRecord<>(topic, new byte[1])).get();
    }
  }

  @Test
  @Order(4)
  void shouldLetAWorkerGoThatIsCutOffForLongerThanItsSessionAndTakeItBack() {
    GenericContainer<?> worker = SERVICES.get("worker-a");
    CompletableFuture<Dume.Result> feed = feedThatIsUnderWay();

    long cut = System.nanoTime();
    brokers.cutOff(worker);

    await("worker-a is no member any more")
        .atMost(PATIENCE)
        .until(() -> health("worker-a").err().contains("is not a member of its group"));
    await("cut for longer than the session")
        .atMost(PATIENCE)
        .until(() -> System.nanoTime() - cut > CUT.toNanos());
    brokers.reconnect(worker);
    awaitMember("worker-a");
    assertThat(feed.join().err()).contains("0 set aside");
    assertThat(worker.isRunning()).as(worker.getLogs()).isTrue();
  }

  @Test
  @Order(5)
  void shouldHaveMadeTheRouterOfAnInstallationThatNobodyDisturbed() throws IOException {
    while (next < PORTIONS) {
      feed(Optional.empty()).join();
    }

    Dume.Result solved = dume.run("solve", "--timeout", "3m");

    assertThat(solved.status()).as(solved + logs()).isZero();
    assertThat(solved.out()).startsWith("version 1 ");
    assertThat(dume.done("dead-letters").err()).contains("0 dead letters");
    Path out = directory.resolve("storm.safetensors");
    dume.done("router", "export", "--out", out);
    assertThat(out).hasSameBinaryContentAs(calm());
  }

  /** The router of the same text, in this process, on a broker of its own. */
  private static Path calm() throws IOException {
    try (Calm calm = Calm.start(model, directory.resolve("calm"))) {
      List<Object> feed = new ArrayList<>(List.of("feed", "--model", model, "--jsonl"));
      feed.addAll(portions);
      calm.dume().done(feed.toArray());
      calm.dume().done("solve", "--timeout", "3m");
      Path out = directory.resolve("calm.safetensors");
      calm.dume().done("router", "export", "--out", out);
      return out;
    }
  }

  /** Feeds the next portion slowly; returns when its first records are there. */
  private static CompletableFuture<Dume.Result> feedThatIsUnderWay() {
    String topic = PREFIX + "token-batches";
    long before = brokers.records(topic);
    CompletableFuture<Dume.Result> feed = feed(Optional.of(TOKENS_PER_SECOND));
    await("first records of the feed")
        .atMost(PATIENCE)
        .until(() -> feed.isDone() || brokers.records(topic) > before);
    assertThat(feed).as("the feed, before anything is broken").isNotDone();
    return feed;
  }

  /** Feeds the next portion, while something else happens. */
  private static CompletableFuture<Dume.Result> feed(Optional<Integer> tokensPerSecond) {
    List<Object> command = new ArrayList<>(List.of("feed", "--model", model));
    tokensPerSecond.ifPresent(rate -> command.addAll(List.of("--tokens-per-second", rate)));
    // A request to a broker that was killed is given up soon, the record never.
    for (String setting : List.of("request.timeout.ms=5000", "delivery.timeout.ms=600000")) {
      command.addAll(List.of("--kafka-config", "producer." + setting));
    }
    command.addAll(List.of("--jsonl", portions.get(next++)));
    return dume.start(command.toArray());
  }

  private static Dume.Result health(String worker) {
    return dume.run("health", "feature-extractor", "--instance", worker);
  }

  private static void awaitMember(String worker) {
    await(worker + " is a member")
        .atMost(PATIENCE)
        .pollInterval(Duration.ofSeconds(1))
        .until(() -> health(worker).status() == 0);
  }

  private static String logs() {
    StringBuilder logs = new StringBuilder();
    SERVICES.forEach(
        (name, container) ->
            logs.append("\n== ").append(name).append('\n').append(container.getLogs()));
    return logs.toString();
  }
}
