package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dume.registry.RegistryStandIn;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Text to router over topics in the registry's wire format, through Apicurio's client. */
@Timeout(300)
class RegistryFormatIT {
  private static final int REGISTRY_FORMAT = 0;
  private static final int SINGLE_OBJECT = 0xC3;
  private static final Pattern ADDRESS = Pattern.compile("bootstrap servers: (\\S+)");

  /** An id that no registry gives, and a body. */
  private static final byte[] HOSTILE = {0, 0x7F, -1, -1, -1, 2, 2, 2};

  @TempDir private Path directory;

  @Test
  void shouldGiveTheSameRouterInBothFormatsAndOnAMixedTopic() throws Exception {
    DemoModel model = DemoModel.make(directory);
    String first = model.testText(directory.resolve("first.jsonl"), 2).toString();
    String second = model.testText(directory.resolve("second.jsonl"), 1).toString();
    try (RegistryStandIn registry = new RegistryStandIn()) {
      String[] inRegistry = {
        "--kafka-config",
        "dume.serde=registry",
        "--kafka-config",
        "apicurio.registry.url=" + registry.url()
      };

      Outcome plain = run(model, "plain", first, second, new String[0], () -> {});
      registry.refuseLookups(true);
      Outcome mixed =
          run(model, "mixed", first, second, inRegistry, () -> letWaitThenAnswer(registry));

      assertThat(mixed.sha256()).isEqualTo(plain.sha256());
      assertThat(plain.formats().values()).containsOnly(Set.of(SINGLE_OBJECT));
      Topics topics = Topics.DEFAULT;
      assertThat(mixed.formats())
          .containsEntry(topics.routerVersions(), Set.of(REGISTRY_FORMAT))
          .containsEntry(topics.deadLetters(), Set.of(REGISTRY_FORMAT))
          .containsEntry(topics.tokenBatches(), Set.of(REGISTRY_FORMAT, SINGLE_OBJECT));
      // Nothing was set aside for a registry that did not answer.
      assertThat(mixed.deadLetters().lines())
          .singleElement()
          .asString()
          .contains("malformed-message", "no such schema");
    }
  }

  /** The worker can't tell whether records are good, and asks again and again. */
  private static void letWaitThenAnswer(RegistryStandIn registry) {
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> registry.requests().stream().filter(r -> r.startsWith("GET")).count() >= 3);
    registry.refuseLookups(false);
  }

  /**
   * What came of it.
   *
   * @param formats the first bytes of the values of each topic
   */
  private record Outcome(String sha256, Map<String, Set<Integer>> formats, String deadLetters) {}

  private Outcome run(
      DemoModel model,
      String name,
      String first,
      String second,
      String[] format,
      Runnable afterFirst)
      throws Exception {
    ExecutorService executor = Executors.newSingleThreadExecutor();
    CommandRun up = new CommandRun();
    Future<Integer> ended =
        executor.submit(
            () ->
                up.execute(
                    with(
                        format,
                        "up",
                        "--data",
                        directory.resolve(name).toString(),
                        "--model",
                        model.merged(),
                        "--port",
                        "0",
                        "--cut-tokens",
                        "1000000000",
                        "--cut-interval",
                        "1d")));
    try {
      await()
          .atMost(Duration.ofSeconds(90))
          .untilAsserted(() -> assertThat(up.out()).as(up.err()).containsPattern(ADDRESS));
      Matcher address = ADDRESS.matcher(up.out());
      assertThat(address.find()).isTrue();
      String server = address.group(1);
      feed(model, first, server, format);
      afterFirst.run();
      // Sent in the format that every reader knows.
      feed(model, second, server, new String[0]);
      if (format.length > 0) {
        send(server, HOSTILE);
      }
      command(server, format, "solve", "--timeout", "120s");
      JsonNode version =
          new ObjectMapper().readTree(command(server, format, "versions", "--json").out());
      String letters = command(server, format, "dead-letters").out();
      return new Outcome(version.get("sha256").asText(), formats(server), letters);
    } finally {
      up.stop().request();
      assertThat(ended.get(60, TimeUnit.SECONDS)).as(up.err()).isZero();
      executor.shutdownNow();
    }
  }

  private static void feed(DemoModel model, String text, String server, String[] format) {
    command(server, format, "feed", "--model", model.merged(), "--jsonl", text);
  }

  private static CommandRun command(String server, String[] format, String... arguments) {
    CommandRun run = new CommandRun();
    String[] there = Arrays.copyOf(arguments, arguments.length + 2);
    there[arguments.length] = "--bootstrap-servers";
    there[arguments.length + 1] = server;
    int status = run.execute(with(format, there));
    assertThat(status).as(run.err()).isZero();
    return run;
  }

  private static String[] with(String[] format, String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of(format));
    return all.toArray(String[]::new);
  }

  private static void send(String server, byte[] value) throws Exception {
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            KafkaSettings.of(server).producer(Map.of()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      producer.send(new ProducerRecord<>(Topics.DEFAULT.tokenBatches(), 0, null, value)).get();
    }
  }

  private static Map<String, Set<Integer>> formats(String server) {
    Topics topics = Topics.DEFAULT;
    Map<String, Set<Integer>> formats = new HashMap<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            KafkaSettings.of(server).reader(Map.of()),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      for (String topic :
          List.of(topics.tokenBatches(), topics.routerVersions(), topics.deadLetters())) {
        List<TopicPartition> partitions =
            consumer.partitionsFor(topic).stream()
                .map(info -> new TopicPartition(topic, info.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
          consumer
              .poll(Duration.ofMillis(100))
              .forEach(
                  record ->
                      formats
                          .computeIfAbsent(topic, t -> new TreeSet<>())
                          .add(record.value()[0] & 0xFF));
        }
      }
    }
    return formats;
  }
}
