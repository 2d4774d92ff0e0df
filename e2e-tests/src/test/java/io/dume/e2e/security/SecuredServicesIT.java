package io.dume.e2e.security;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dume.demo.DemoAssets;
import io.dume.demo.DemoAssets.Document;
import io.dume.demo.DemoAssets.Split;
import io.dume.e2e.Command;
import io.dume.schemas.kafka.Topics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.utils.SecurityUtils;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every service under a user of its own, with the access control lists that {@code dume acls}
 * gives, no more. And with one entry less, for each entry: then the service says what it lacks and
 * ends. The tests are steps of one life, so their order counts: each service has something to do
 * that needs all of its entries when its turn comes, and what one could not do is there for the
 * next.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SecuredServicesIT {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Topics TOPICS = Topics.DEFAULT;
  private static final String DOCUMENTS = "documents";
  private static final byte[] JUNK = "junk".getBytes(StandardCharsets.UTF_8);

  /** Within which a service that lacks something must have ended. */
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private static final List<String> SERVICES =
      List.of(
          "feed",
          "feature-extractor",
          "accumulator",
          "solver",
          "subscriber",
          "operator",
          "dead-letters");

  @TempDir static Path directory;

  private static SecureInstallation installation;
  private static Path model;
  private static int fresh;
  private static ServiceRun folding;

  @BeforeAll
  static void startAll() throws Exception {
    DemoAssets.unpack(directory);
    model = directory.resolve("merged");
    List<Object> moerge = new ArrayList<>(List.of("moerge", "--out", model));
    for (String domain : DemoAssets.DOMAINS) {
      moerge.add("--expert");
      moerge.add(domain + "=" + DemoAssets.expert(directory, domain));
    }
    Command.Result merged = Command.run(moerge.toArray());
    assertThat(merged.status()).as(merged.toString()).isZero();
    installation =
        new SecureInstallation(Files.createDirectory(directory.resolve("secure")), SERVICES);
    installation.admin().createTopics(List.of(new NewTopic(DOCUMENTS, 1, (short) 1))).all().get();
    for (String service : SERVICES) {
      installation.run(
          SecureInstallation.ADMIN,
          "acls",
          service,
          "--principal",
          "User:" + service,
          "--documents",
          DOCUMENTS,
          "--create");
    }
  }

  @AfterAll
  static void endAll() {
    if (installation != null) {
      installation.close();
    }
  }

  @Test
  @Order(1)
  void shouldFeedWithTheFeedsEntries() throws Exception {
    List<String> lines = new ArrayList<>();
    for (String domain : DemoAssets.DOMAINS) {
      try (Stream<Document> documents = DemoAssets.documents(domain, Split.TRAIN)) {
        documents.limit(1).map(SecuredServicesIT::json).forEach(lines::add);
      }
    }
    Path file = Files.write(directory.resolve("train.jsonl"), lines);

    ServiceRun feed = installation.run("feed", feed("--verbose", "--jsonl", file));

    assertThat(feed.err()).contains("5 documents", "0 set aside");
  }

  private static Object[] feed(Object... more) {
    return with(
        new Object[] {"feed", "--model", model, "--context-dim", DemoAssets.CONTEXT_DIM}, more);
  }

  private static Object[] with(Object[] arguments, Object... more) {
    return Stream.concat(Stream.of(arguments), Stream.of(more)).toArray();
  }

  @ParameterizedTest
  @MethodSource
  @Order(2)
  void shouldNotFeedWithOneEntryLess(AclBinding entry) throws Exception {
    installation.send(
        DOCUMENTS,
        0,
        json(new Document("math", "d" + fresh++, "1 + 1 = 2")).getBytes(StandardCharsets.UTF_8));
    installation.send(DOCUMENTS, 0, JUNK);

    assertRefused("feed", entry, feed("--from-topic", DOCUMENTS));
  }

  static List<AclBinding> shouldNotFeedWithOneEntryLess() {
    return installation.lists("feed");
  }

  @ParameterizedTest
  @MethodSource
  @Order(3)
  void shouldNotExtractWithOneEntryLess(AclBinding entry) throws Exception {
    // Of another router each time: it has everything before it, and creates its fit.
    installation.send(TOPICS.tokenBatches(), 0, JUNK);
    installation.send(TOPICS.flushManifests(), 0, JUNK);
    installation.send(TOPICS.countedIds(), 0, JUNK);

    String router = "router-" + fresh++;

    assertRefused("feature-extractor", entry, worker("--router-name", router, "--label", router));
  }

  static List<AclBinding> shouldNotExtractWithOneEntryLess() {
    return installation.lists("feature-extractor");
  }

  private static Object[] worker(Object... more) {
    return with(
        new Object[] {
          "feature-extractor",
          "--model",
          model,
          "--context-dim",
          DemoAssets.CONTEXT_DIM,
          "--instance",
          "worker-a",
          "--flush-interval",
          "1s"
        },
        more);
  }

  private static Object[] accumulator(Object... more) {
    return with(
        new Object[] {
          "accumulator",
          "--instance",
          "accumulator-a",
          "--state",
          directory.resolve("state-" + fresh++)
        },
        more);
  }

  @Test
  @Order(4)
  void shouldExtractAndFoldWithTheirEntries() throws Exception {
    for (int p = 0; p < Topics.Partitions.DEFAULT.statistics(); p++) {
      installation.send(TOPICS.layerStatistics(), p, JUNK);
    }
    installation.send(TOPICS.routerVersions(), 0, JUNK);
    folding = installation.start("accumulator", accumulator("--verbose", "--cut-interval", "1s"));
    try (ServiceRun worker = installation.start("feature-extractor", worker("--verbose"))) {

      Awaitility.await().atMost(LIMIT).until(() -> end(TOPICS.cuts()) > 0);

      assertThat(worker.stop()).as(worker.toString()).isZero();
    }
  }

  private static long end(String topic) throws InterruptedException, ExecutionException {
    TopicPartition partition = new TopicPartition(topic, 0);
    return installation
        .admin()
        .listOffsets(Map.of(partition, OffsetSpec.latest()))
        .partitionResult(partition)
        .get()
        .offset();
  }

  @ParameterizedTest
  @MethodSource
  @Order(5)
  void shouldNotSolveWithOneEntryLess(AclBinding entry) throws Exception {
    assertRefused("solver", entry, "solver");
    assertThat(end(TOPICS.routerVersions())).as("the junk alone").isEqualTo(1);
  }

  /** To write to the control log comes first: once the fit's profile is written, nobody does. */
  static List<AclBinding> shouldNotSolveWithOneEntryLess() {
    return installation.lists("solver").stream()
        .sorted(
            (a, b) -> Boolean.compare(isWrite(b, TOPICS.control()), isWrite(a, TOPICS.control())))
        .toList();
  }

  private static boolean isWrite(AclBinding entry, String topic) {
    return entry.entry().operation() == AclOperation.WRITE && entry.pattern().name().equals(topic);
  }

  @ParameterizedTest
  @MethodSource
  @Order(6)
  void shouldNotSubscribeWithOneEntryLess(AclBinding entry) throws Exception {
    assertRefused("subscriber", entry, "versions");
  }

  static List<AclBinding> shouldNotSubscribeWithOneEntryLess() {
    return installation.lists("subscriber");
  }

  @ParameterizedTest
  @MethodSource
  @Order(6)
  void shouldNotOperateWithOneEntryLess(AclBinding entry) throws Exception {
    assertRefused("operator", entry, "solve", "--timeout", "2m");
  }

  static List<AclBinding> shouldNotOperateWithOneEntryLess() {
    return installation.lists("operator");
  }

  @ParameterizedTest
  @MethodSource
  @Order(6)
  void shouldNotResendDeadLettersWithOneEntryLess(AclBinding entry) throws Exception {
    assertRefused("dead-letters", entry, "dead-letters", "resend", "--all");
  }

  static List<AclBinding> shouldNotResendDeadLettersWithOneEntryLess() {
    return installation.lists("dead-letters");
  }

  @Test
  @Order(7)
  void shouldFoldUntilItIsStopped() {
    int status = folding.stop();

    assertThat(status).as(folding.toString()).isZero();
  }

  @ParameterizedTest
  @MethodSource
  @Order(8)
  void shouldNotFoldWithOneEntryLess(AclBinding entry) throws Exception {
    // What there is to set aside, to order and to cut.
    installation.send(TOPICS.flushManifests(), 0, JUNK);
    for (int p = 0; p < Topics.Partitions.DEFAULT.statistics(); p++) {
      installation.send(TOPICS.partialStatistics(), p, JUNK);
    }
    ServiceRun request = installation.start("operator", "solve", "--timeout", "2m");
    try {

      // Without a state directory: the changelogs are read.
      assertRefused("accumulator", entry, accumulator());
    } finally {
      request.close();
    }
  }

  /** Without those for what does not happen here: new sums to keep, and a fit that must stop. */
  static List<AclBinding> shouldNotFoldWithOneEntryLess() {
    return installation.lists("accumulator").stream()
        .filter(entry -> !isWrite(entry, TOPICS.control()))
        .filter(entry -> !isWrite(entry, TOPICS.prefix() + "fold-"))
        .toList();
  }

  @Test
  @Order(9)
  void shouldPublishAVersionOfEverythingWithAllEntries() throws Exception {
    try (ServiceRun worker = installation.start("feature-extractor", worker("--verbose"));
        ServiceRun accumulator = installation.start("accumulator", accumulator("--verbose"));
        ServiceRun solver = installation.start("solver", "solver", "--verbose")) {

      installation.run("operator", "solve", "--verbose", "--timeout", "2m");

      ServiceRun versions = installation.run("subscriber", "versions", "--json");
      List<String> lines = versions.out().lines().toList();
      JsonNode last = JSON.readTree(lines.get(lines.size() - 1));
      assertThat(last.get("domains").findValuesAsText("domain"))
          .containsExactlyInAnyOrderElementsOf(DemoAssets.DOMAINS);
      ServiceRun letters = installation.run("dead-letters", "dead-letters", "--json");
      assertThat(letters.out().lines().map(SecuredServicesIT::service).distinct())
          .containsExactlyInAnyOrder("feed", "feature-extractor", "sequencer", "fold", "solver");
      for (ServiceRun service : List.of(worker, accumulator, solver)) {
        assertThat(service.stop()).as(service.toString()).isZero();
      }
    }
  }

  private static String service(String letter) {
    try {
      return JSON.readTree(letter).get("service").asText();
    } catch (IOException e) {
      throw new AssertionError(letter, e);
    }
  }

  @Test
  @Order(10)
  void shouldTakeASecretFromTheFileOfSettingsToo() throws Exception {
    ServiceRun run =
        installation.startWith(installation.fileWithSecret("subscriber"), "versions", "--verbose");

    int status = run.await(LIMIT);

    assertThat(status).as(run.toString()).isZero();
  }

  @Test
  @Order(10)
  void shouldSayThatThePasswordIsWrong() throws Exception {
    Path wrong = installation.fileWithSecret("subscriber", SecureInstallation.SECRET + "wrong");
    ServiceRun run = installation.startWith(wrong, "versions");

    int status = run.await(LIMIT);

    assertThat(status).as(run.toString()).isEqualTo(1);
    assertThat(run.err()).contains("Authentication failed").contains("SCRAM-SHA-512");
  }

  @Test
  @Order(11)
  void shouldHaveShownNoSecretAnywhere() {
    String transcript = installation.transcript();

    assertThat(transcript)
        .as("the settings that were logged")
        .contains("sasl.jaas.config = [hidden]")
        .doesNotContain(SecureInstallation.SECRET);
  }

  /** Runs a service that lacks an entry. */
  private static void assertRefused(String service, AclBinding entry, Object... command)
      throws InterruptedException, ExecutionException {
    installation.remove(service, entry);
    try {
      ServiceRun run = installation.start(service, command);

      int status = run.await(LIMIT);

      assertThat(status).as(run.toString()).isEqualTo(1);
      // What Kafka Streams says has several lines.
      String said = run.err();
      String last = said.substring(Math.max(0, said.lastIndexOf("dume " + command[0])));
      assertThat(last)
          .as(run.toString())
          .startsWith("dume " + command[0])
          .contains("access control lists")
          .contains(entry.pattern().name())
          .contains(SecurityUtils.operationName(entry.entry().operation()));
    } finally {
      installation.restore(service, entry);
    }
  }

  private static String json(Document document) {
    return JSON.createObjectNode()
        .put("domain", document.domain())
        .put("id", document.id())
        .put("text", document.text())
        .toString();
  }
}
