package io.dume.e2e.security;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.dume.demo.DemoAssets;
import io.dume.demo.DemoAssets.Document;
import io.dume.demo.DemoAssets.Split;
import io.dume.e2e.Command;
import io.dume.models.RouterWeights;
import io.dume.schemas.control.ControlLog;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.wire.Ids;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;

/** The commands of the services, and things that they have to do something about. */
final class Work {

  static final String DOCUMENTS = "documents";
  static final List<String> DOMAINS = List.of("math", "code", "novel");
  static final String ROUTER = "default";

  private static final Topics TOPICS = Topics.DEFAULT;
  private static final byte[] JUNK = "junk".getBytes(StandardCharsets.UTF_8);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int CONTEXT = 64;
  private static final int CHARACTERS = 2000;

  private final Path directory;
  private final Path model;
  private int fresh;

  private Work(Path directory, Path model) {
    this.directory = directory;
    this.model = model;
  }

  /** Merges the experts of some domains. */
  static Work in(Path directory) throws IOException {
    DemoAssets.unpack(directory);
    Path model = directory.resolve("merged");
    List<Object> moerge = new ArrayList<>(List.of("moerge", "--out", model));
    for (String domain : DOMAINS) {
      moerge.add("--expert");
      moerge.add(domain + "=" + DemoAssets.expert(directory, domain));
    }
    Command.Result merged = Command.run(moerge.toArray());
    assertThat(merged.status()).as(merged.toString()).isZero();
    return new Work(directory, model);
  }

  Path model() {
    return model;
  }

  Path file(String name) {
    return directory.resolve(name);
  }

  /** A name that no other call gives. */
  String fresh(String name) {
    return name + "-" + fresh++;
  }

  /** A file with the beginning of a document of each domain. */
  Path documents(Split split) throws IOException {
    List<String> lines = new ArrayList<>();
    for (String domain : DOMAINS) {
      try (Stream<Document> documents = DemoAssets.documents(domain, split)) {
        documents.limit(1).map(Work::shortened).map(Work::json).forEach(lines::add);
      }
    }
    return Files.write(file(split + ".jsonl"), lines);
  }

  private static Document shortened(Document document) {
    String text = document.text();
    return new Document(
        document.domain(), document.id(), text.substring(0, Math.min(CHARACTERS, text.length())));
  }

  Object[] feed(Object... more) {
    return with(new Object[] {"feed", "--model", model, "--context-dim", CONTEXT}, more);
  }

  Object[] worker(Object... more) {
    return with(
        new Object[] {
          "feature-extractor",
          "--model",
          model,
          "--context-dim",
          CONTEXT,
          "--instance",
          "worker-a",
          "--flush-interval",
          "500ms"
        },
        more);
  }

  /** Without a state directory: the changelogs are read. */
  Object[] accumulator(Object... more) {
    return with(
        new Object[] {
          "accumulator",
          "--instance",
          "accumulator-a",
          "--cut-interval",
          "1s",
          "--commit-interval",
          "500ms",
          "--state",
          file(fresh("state"))
        },
        more);
  }

  Object[] replay(String label) {
    return new Object[] {"replay", "--model", model, "--label", label, "--flush-interval", "500ms"};
  }

  private static Object[] with(Object[] arguments, Object... more) {
    return Stream.concat(Stream.of(arguments), Stream.of(more)).toArray();
  }

  void createDocuments(SecureInstallation installation)
      throws InterruptedException, ExecutionException {
    NewTopic documents = new NewTopic(DOCUMENTS, 1, (short) 1);
    installation.admin().createTopics(List.of(documents)).all().get();
  }

  /** A document that no feed has read, on the topic that feeds follow. */
  void newDocument(SecureInstallation installation)
      throws InterruptedException, ExecutionException {
    Document document = new Document("math", fresh("d"), "1 + 1 = 2 and 2 + 2 = 4.");
    installation.send(DOCUMENTS, 0, json(document).getBytes(StandardCharsets.UTF_8));
  }

  /** What is no message, on the first partition of topics. */
  void junk(SecureInstallation installation, String... topics)
      throws InterruptedException, ExecutionException {
    for (String topic : topics) {
      installation.send(topic, 0, JUNK);
    }
  }

  /** What is no message, on all partitions of a topic. */
  void junkEverywhere(SecureInstallation installation, String topic)
      throws InterruptedException, ExecutionException {
    int partitions = Topics.partitions(installation.admin(), topic).orElseThrow();
    for (int p = 0; p < partitions; p++) {
      installation.send(topic, p, JUNK);
    }
  }

  /** A fit of a new router that can't be summed, so that the accumulator must stop it. */
  void impossibleFit(SecureInstallation installation) throws InterruptedException {
    String name = fresh("impossible");
    try (ControlLog log = new ControlLog(installation.kafka(SecureInstallation.ADMIN), TOPICS)) {
      Fit good = log.state().fit(ROUTER).orElseThrow();
      Fit bad = Fit.newBuilder(good).setLabel(name).setLayers(0).build();
      Fit fit = Fit.newBuilder(bad).setId(Ids.ofFit(bad)).build();
      log.append(new FitCreated(name, fit, Instant.now().truncatedTo(ChronoUnit.MILLIS), false));
    }
  }

  /** The fits of the router, oldest first. */
  List<Fit> fits(SecureInstallation installation) {
    try (ControlLog log = new ControlLog(installation.kafka(SecureInstallation.ADMIN), TOPICS)) {
      return log.state().fits(ROUTER);
    }
  }

  /** The gates of the newest version, as if they had been trained; the same file in each call. */
  Path trained(SecureInstallation installation) throws IOException {
    Path file = file("trained.safetensors");
    if (Files.notExists(file)) {
      installation.run("subscriber", "router", "export", "--out", file);
      RouterWeights solved = RouterWeights.read(file);
      Map<String, String> metadata = new HashMap<>(solved.metadata());
      metadata.put(
          "training",
          "{\"start\":%s,\"start_sha256\":\"%s\",\"steps\":1,\"learning_rate\":1e-4,\"balance\":0,\"tokens\":9,\"seed\":0}"
              .formatted(metadata.get("version"), metadata.get("sha256")));
      List<float[]> weights = IntStream.range(0, solved.layers()).mapToObj(solved::weight).toList();
      List<float[]> biases = IntStream.range(0, solved.layers()).mapToObj(solved::bias).toList();
      new RouterWeights(weights, biases, metadata).write(file);
    }
    return file;
  }

  /** How many records the first partition of a topic has. */
  static long end(SecureInstallation installation, String topic)
      throws InterruptedException, ExecutionException {
    TopicPartition partition = new TopicPartition(topic, 0);
    return installation
        .admin()
        .listOffsets(Map.of(partition, OffsetSpec.latest()))
        .partitionResult(partition)
        .get()
        .offset();
  }

  private static String json(Document document) {
    return JSON.createObjectNode()
        .put("domain", document.domain())
        .put("id", document.id())
        .put("text", document.text())
        .toString();
  }
}
