package io.dume.e2e.crash;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dume.e2e.Command;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * What an installation holds in the end: what went in, and what came out.
 *
 * @param records by id, how often it is on token-batches
 * @param counted tokens and records by domain, of the newest version
 * @param versions all of them, as {@code dume versions --json} has them
 * @param refusals cuts that gave no version
 * @param deadLetters all of them
 * @param router the newest version's file
 */
record Ledger(
    Map<String, Integer> records,
    Map<String, JsonNode> counted,
    List<JsonNode> versions,
    List<JsonNode> refusals,
    List<JsonNode> deadLetters,
    RouterFile router) {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Asks for a version of everything, and reads all there is. */
  static Ledger close(String bootstrap, Path directory) throws IOException {
    Command.Result solved =
        Command.run("solve", "--bootstrap-servers", bootstrap, "--timeout", "4m");
    assertThat(solved.status()).as(solved.toString()).isZero();
    Path file = directory.resolve("router.safetensors");
    Command.Result exported =
        Command.run("router", "export", "--bootstrap-servers", bootstrap, "--out", file);
    assertThat(exported.status()).as(exported.toString()).isZero();
    List<JsonNode> versions = new ArrayList<>();
    List<JsonNode> refusals = new ArrayList<>();
    for (JsonNode event : lines("versions", bootstrap)) {
      (event.has("refused") ? refusals : versions).add(event);
    }
    Map<String, JsonNode> counted = new TreeMap<>();
    versions
        .get(versions.size() - 1)
        .get("domains")
        .forEach(domain -> counted.put(domain.get("domain").asText(), domain));
    return new Ledger(
        records(bootstrap),
        counted,
        versions,
        refusals,
        lines("dead-letters", bootstrap),
        RouterFile.read(file));
  }

  private static List<JsonNode> lines(String command, String bootstrap) throws IOException {
    Command.Result result = Command.run(command, "--json", "--bootstrap-servers", bootstrap);
    assertThat(result.status()).as(result.toString()).isZero();
    List<JsonNode> lines = new ArrayList<>();
    for (String line : result.lines()) {
      lines.add(JSON.readTree(line));
    }
    return lines;
  }

  private static Map<String, Integer> records(String bootstrap) {
    Map<String, Integer> records = new HashMap<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            KafkaSettings.of(bootstrap).reader(Map.of()),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(Topics.DEFAULT.tokenBatches()).stream()
              .map(p -> new TopicPartition(p.topic(), p.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
          records.merge(HexFormat.of().formatHex(record.key()), 1, Integer::sum);
        }
      }
    }
    return records;
  }

  JsonNode newest() {
    return versions.get(versions.size() - 1);
  }

  long recordsIn() {
    return records.values().stream().mapToLong(Integer::longValue).sum();
  }

  long recordsCounted() {
    return counted.values().stream().mapToLong(domain -> domain.get("records").asLong()).sum();
  }

  long tokensCounted() {
    return counted.values().stream().mapToLong(domain -> domain.get("tokens").asLong()).sum();
  }
}
