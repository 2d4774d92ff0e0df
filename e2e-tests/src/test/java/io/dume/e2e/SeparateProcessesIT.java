package io.dume.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dume.demo.DemoAssets;
import io.dume.demo.DemoAssets.Document;
import io.dume.demo.DemoAssets.Split;
import io.dume.models.Safetensors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.assertj.core.data.Offset;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every service as a process of its own, on the demo's experts and text. The tests are steps of one
 * life, so their order counts.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SeparateProcessesIT {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int DOCUMENTS = 3;
  private static final String TOPIC = "documents";

  @TempDir static Path directory;

  private static Path model;
  private static String bootstrap;

  /** By name, in the order in which they are ended. */
  private static final Map<String, DumeProcess> PROCESSES = new LinkedHashMap<>();

  @BeforeAll
  static void startAll() throws IOException {
    DemoAssets.unpack(directory);
    model = directory.resolve("merged");
    List<Object> moerge = new ArrayList<>(List.of("moerge", "--out", model));
    for (String domain : DemoAssets.DOMAINS) {
      moerge.add("--expert");
      moerge.add(domain + "=" + DemoAssets.expert(directory, domain));
    }
    Command.Result merged = Command.run(moerge.toArray());
    assertThat(merged.status()).as(merged.toString()).isZero();

    DumeProcess broker =
        start(Map.of(), "broker", "broker", "--data", directory.resolve("broker"), "--port", 0);
    bootstrap = broker.awaitOutput("bootstrap servers: (\\S+)");
    Object[] worker = {
      "feature-extractor", "--model", model, "--context-dim", DemoAssets.CONTEXT_DIM
    };
    // One of each kind is told by the environment, the other on the command line.
    Map<String, String> environment = Map.of("DUME_BOOTSTRAP_SERVERS", bootstrap);
    start(environment, "worker-a", with(worker, "--instance", "worker-a"));
    start(
        Map.of("DUME_BOOTSTRAP_SERVERS", "127.0.0.1:1"),
        "worker-b",
        with(worker, "--instance", "worker-b", "--bootstrap-servers", bootstrap));
    start(
        Map.of(),
        "accumulator",
        "accumulator",
        "--bootstrap-servers",
        bootstrap,
        "--instance",
        "accumulator-a",
        "--state",
        directory.resolve("state"),
        "--cut-interval",
        "1h");
    start(environment, "solver", "solver");
    PROCESSES.remove("broker");
    PROCESSES.put("broker", broker);
    for (String name : List.of("worker-a", "worker-b")) {
      PROCESSES.get(name).awaitOutput("has partitions (\\[\\d.*)");
    }
  }

  private static DumeProcess start(
      Map<String, String> environment, String name, Object... arguments) {
    DumeProcess process =
        DumeProcess.start(directory.resolve(name + ".log"), environment, arguments);
    PROCESSES.put(name, process);
    return process;
  }

  private static Object[] with(Object[] arguments, Object... more) {
    return Stream.concat(Stream.of(arguments), Stream.of(more)).toArray();
  }

  @AfterAll
  static void endAll() {
    PROCESSES.values().forEach(DumeProcess::close);
  }

  @Test
  @Order(1)
  void shouldMakeAVersionOfTextThatIsFedFromAFile() throws IOException {
    List<String> lines = new ArrayList<>();
    for (String domain : DemoAssets.DOMAINS) {
      documents(domain, 0).forEach(document -> lines.add(json(document)));
    }
    Path file = Files.write(directory.resolve("train.jsonl"), lines);

    Command.Result fed =
        Command.run(
            "feed",
            "--bootstrap-servers",
            bootstrap,
            "--model",
            model,
            "--context-dim",
            DemoAssets.CONTEXT_DIM,
            "--jsonl",
            file);

    assertThat(fed.status()).as(fed.toString()).isZero();
    Command.Result solved = solve();
    assertThat(solved.out()).startsWith("version 1 ");
    JsonNode version = versions().get(0);
    assertThat(version.get("domains").findValuesAsText("domain"))
        .containsExactlyInAnyOrderElementsOf(DemoAssets.DOMAINS);
    assertThat(fed.err()).contains(tokens(version) + " tokens");
  }

  @Test
  @Order(2)
  void shouldExportTheVersionsGates() throws IOException {
    Path out = directory.resolve("router.safetensors");

    Command.Result exported =
        Command.run(
            "router", "export", "--version", 1, "--bootstrap-servers", bootstrap, "--out", out);

    assertThat(exported.status()).as(exported.toString()).isZero();
    try (Safetensors router = Safetensors.open(out)) {
      assertThat(router.metadata())
          .containsEntry("sha256", versions().get(0).get("sha256").asText());
      assertThat(router.spec("model.layers.0.mlp.gate.weight").shape().get(0))
          .isEqualTo(DemoAssets.DOMAINS.size());
      // Columns are normalised.
      double squares = 0;
      for (double weight : router.readDoubles("model.layers.0.mlp.gate.weight")) {
        squares += weight * weight;
      }
      assertThat(squares).isCloseTo(DemoAssets.DOMAINS.size(), Offset.offset(1e-4));
    }
  }

  @Test
  @Order(3)
  void shouldFollowATopicOfDocumentsUntilItIsStopped() throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
      NewTopic topic = new NewTopic(TOPIC, Optional.of(2), Optional.empty());
      admin.createTopics(List.of(topic)).all().get();
    }
    try (RawProducer producer = new RawProducer(bootstrap)) {
      for (Document document : documents("math", DOCUMENTS)) {
        byte[] value = json(document).getBytes(StandardCharsets.UTF_8);
        producer.send(new ProducerRecord<>(TOPIC, value));
      }
    }
    DumeProcess feed =
        start(
            Map.of("DUME_FEED_FROM_TOPIC", TOPIC, "DUME_MODEL", model.toString()),
            "feed",
            "feed",
            "--bootstrap-servers",
            bootstrap,
            "--context-dim",
            DemoAssets.CONTEXT_DIM);
    JsonNode before = versions().get(0);

    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofSeconds(2))
        .untilAsserted(
            () -> {
              solve();
              List<JsonNode> versions = versions();
              assertThat(tokens(versions.get(versions.size() - 1), "math"))
                  .isGreaterThan(tokens(before, "math"));
            });

    PROCESSES.remove("feed");
    assertThat(feed.terminate()).as(feed.output()).isEqualTo(DumeProcess.TERMINATED);
    assertThat(feed.output())
        .contains("%d documents,".formatted(DOCUMENTS))
        .contains("0 set aside");
    solve();
    List<JsonNode> versions = versions();
    JsonNode last = versions.get(versions.size() - 1);
    assertThat(last.get("version").asLong()).isEqualTo(versions.size());
    assertThat(tokens(last, "novel")).isEqualTo(tokens(before, "novel"));
  }

  @Test
  @Order(4)
  void shouldHaveSharedTheWorkBetweenTheWorkers() {
    for (String name : List.of("worker-a", "worker-b")) {
      assertThat(PROCESSES.get(name).output()).as(name).containsPattern("flush: [1-9]");
    }
  }

  @Test
  @Order(5)
  void shouldEndInOrderWhenTerminated() throws InterruptedException {
    for (Map.Entry<String, DumeProcess> process : PROCESSES.entrySet()) {
      int status = process.getValue().terminate();

      String output = process.getValue().output();
      assertThat(status).as(output).isEqualTo(DumeProcess.TERMINATED);
      assertThat(output)
          .as(process.getKey())
          .doesNotContain("not everything has stopped")
          .doesNotContain("ERROR")
          .doesNotContain("Exception in thread");
    }
  }

  private static Command.Result solve() {
    Command.Result solved =
        Command.run("solve", "--bootstrap-servers", bootstrap, "--timeout", "2m");
    assertThat(solved.status()).as(solved.toString() + logs()).isZero();
    return solved;
  }

  private static String logs() {
    StringBuilder logs = new StringBuilder();
    PROCESSES.forEach(
        (name, p) -> logs.append("\n== ").append(name).append('\n').append(p.output()));
    return logs.toString();
  }

  private static List<JsonNode> versions() throws IOException {
    Command.Result result = Command.run("versions", "--json", "--bootstrap-servers", bootstrap);
    assertThat(result.status()).as(result.toString()).isZero();
    List<JsonNode> versions = new ArrayList<>();
    for (String line : result.lines()) {
      versions.add(JSON.readTree(line));
    }
    return versions;
  }

  private static long tokens(JsonNode version) {
    return DemoAssets.DOMAINS.stream().mapToLong(domain -> tokens(version, domain)).sum();
  }

  private static long tokens(JsonNode version, String domain) {
    for (JsonNode entry : version.get("domains")) {
      if (entry.get("domain").asText().equals(domain)) {
        return entry.get("tokens").asLong();
      }
    }
    throw new AssertionError("no domain " + domain + " in " + version);
  }

  private static List<Document> documents(String domain, int skip) throws IOException {
    try (Stream<Document> documents = DemoAssets.documents(domain, Split.TRAIN)) {
      return documents.skip(skip).limit(DOCUMENTS).toList();
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
