package io.dume.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.CoveredRange;
import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.StatisticsKind;
import io.dume.schemas.message.StatisticsTile;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.statistics.Tiles;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.StatisticsKey;
import io.dume.schemas.wire.Wire;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * One life of {@code dume up}: good records among bad ones of every kind, and a second start on the
 * same directory. The tests are steps of it, so their order counts.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class LiveInstallationIT {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int STATISTICS_PARTITIONS = 2;

  /** An Avro array block that claims 2^31 items: the count, zigzag and in sevens. */
  private static final byte[] HUGE_COUNT = {
    (byte) 0x80, (byte) 0x80, (byte) 0x80, (byte) 0x80, 0x10
  };

  @TempDir static Path directory;

  private static Path model;
  private static Command up;
  private static String bootstrap;

  /** Where each bad record lies, with the reason that must be given. */
  private static final Map<RawProducer.Place, String> BAD = new LinkedHashMap<>();

  private static String firstSha256;

  @BeforeAll
  static void start() {
    model = GoldenOracle.merge(directory.resolve("merged"));
    startUp();
  }

  private static void startUp() {
    up =
        Command.start(
            "up",
            "--data",
            directory.resolve("data"),
            "--model",
            model,
            "--port",
            0,
            "--context-dim",
            GoldenOracle.CONTEXT_DIM,
            "--statistics-partitions",
            STATISTICS_PARTITIONS,
            "--token-partitions",
            3,
            // Versions on demand alone, so that the tests know their numbers.
            "--cut-tokens",
            1_000_000_000,
            "--cut-interval",
            "1h",
            "--commit-interval",
            "1s");
    bootstrap = up.awaitOutput("bootstrap servers: (\\S+)");
  }

  @AfterAll
  static void stop() {
    up.close();
  }

  @Test
  @Order(1)
  void shouldMakeAVersionOfTheGoodRecordsAmongAllKindsOfBadOnes() throws IOException {
    try (RawProducer producer = new RawProducer(bootstrap)) {
      List<BadRecord> bad = badRecords();
      List<GoldenOracle.Labelled> good = GoldenOracle.batches();
      for (int i = 0; i < Math.max(bad.size(), good.size()); i++) {
        if (i < bad.size()) {
          BAD.put(producer.send(bad.get(i).record()), bad.get(i).reason());
        }
        if (i < good.size()) {
          GoldenOracle.Labelled labelled = good.get(i);
          producer.tokens(
              RawProducer.batch("good-" + i, labelled.expert(), List.of(labelled.ids())));
        }
      }
    }

    Command.Result solved =
        Command.run("solve", "--bootstrap-servers", bootstrap, "--timeout", "2m");

    assertThat(solved.status()).as(solved.toString()).isZero();
    assertThat(solved.out()).startsWith("version 1 ");
    JsonNode version = versions().get(0);
    assertThat(tokensByDomain(version))
        .isEqualTo(
            GoldenOracle.EXPERTS.stream().collect(Collectors.toMap(e -> e, GoldenOracle::tokens)));
    firstSha256 = version.get("sha256").asText();
    Path router = directory.resolve("router.safetensors");
    Command.Result exported =
        Command.run("router", "export", "--bootstrap-servers", bootstrap, "--out", router);
    assertThat(exported.status()).as(exported.toString()).isZero();
    GoldenOracle.assertGates(router);
  }

  @Test
  @Order(2)
  void shouldKeepStatisticsAndVersionNumbersWhenStartedAgain() throws IOException {
    Command.Result stopped = up.stop();
    assertThat(stopped.status()).as(stopped.toString()).isZero();

    startUp();

    Command.Result again =
        Command.run("solve", "--bootstrap-servers", bootstrap, "--timeout", "2m");
    assertThat(again.status()).as(again.toString()).isZero();
    assertThat(again.out()).startsWith("version 2 ");
    List<JsonNode> versions = versions();
    assertThat(versions).extracting(v -> v.get("version").asLong()).containsExactly(1L, 2L);
    assertThat(versions.get(1).get("sha256").asText()).isEqualTo(firstSha256);
    assertThat(versions.get(1).get("fit")).isEqualTo(versions.get(0).get("fit"));
    assertThat(tokensByDomain(versions.get(1))).isEqualTo(tokensByDomain(versions.get(0)));
  }

  @Test
  @Order(3)
  void shouldAddNewRecordsToTheStatisticsKept() throws IOException {
    try (RawProducer producer = new RawProducer(bootstrap)) {
      producer.tokens(RawProducer.batch("later", "e1", List.of(List.of(5, 6, 7), List.of(8, 9))));
    }

    Command.Result solved =
        Command.run("solve", "--bootstrap-servers", bootstrap, "--timeout", "2m");

    assertThat(solved.status()).as(solved.toString()).isZero();
    JsonNode version = versions().get(2);
    assertThat(version.get("version").asLong()).isEqualTo(3);
    assertThat(version.get("sha256").asText()).isNotEqualTo(firstSha256);
    assertThat(tokensByDomain(version)).containsEntry("e1", GoldenOracle.tokens("e1") + 5);
  }

  @Test
  @Order(4)
  void shouldListEveryBadRecordWithReasonAndCoordinates() throws IOException {
    // A manifest of a fit that nobody knows waits half a minute for the control log, restart or
    // not.
    Awaitility.await()
        .atMost(Duration.ofSeconds(90))
        .pollInterval(Duration.ofSeconds(1))
        .untilAsserted(() -> assertThat(deadLetters()).containsAllEntriesOf(BAD));

    assertThat(deadLetters().keySet()).isEqualTo(BAD.keySet());
  }

  private record BadRecord(ProducerRecord<byte[], byte[]> record, String reason) {}

  private static List<BadRecord> badRecords() {
    List<BadRecord> bad = new ArrayList<>();
    TokenBatch valid = RawProducer.batch("valid", "e0", List.of(List.of(1, 2, 3)));
    byte[] key = valid.getId().bytes();
    byte[] value = Wire.encode(valid);
    Id other = Ids.ofRecord("test", "other", 0);

    bad.add(tokens(key, "no Avro at all".getBytes(StandardCharsets.UTF_8), "malformed-message"));
    bad.add(tokens(key, new byte[0], "malformed-message"));
    bad.add(tokens(key, null, "malformed-message"));
    bad.add(tokens(key, Arrays.copyOf(value, value.length - 2), "malformed-message"));
    bad.add(tokens(key, Arrays.copyOf(value, value.length + 1), "malformed-message"));
    bad.add(
        tokens(
            key,
            Wire.encode(new CutRequested("default", "none", List.of(), null, false)),
            "malformed-message"));
    // Byte 3 is of the schema's fingerprint, byte 12 of the id.
    bad.add(tokens(key, flipped(value, 3), "malformed-message"));
    bad.add(tokens(key, flipped(value, 12), "id-mismatch"));
    bad.add(tokens(flipped(key, 0), value, "id-mismatch"));
    bad.add(tokens(null, value, "id-mismatch"));
    TokenBatch wrongId =
        new TokenBatch(other, "test", "valid", 0, "e0", false, "", List.of(List.of(1)));
    bad.add(tokens(other.bytes(), Wire.encode(wrongId), "id-mismatch"));
    bad.add(tokens(key, claimingManySequences(), "malformed-message"));
    bad.add(tokens(key, claimingALongString(value), "malformed-message"));
    bad.add(tokens(batch("domain", "nobody", List.of(1)), "unknown-domain"));
    bad.add(tokens(batch("negative", "e0", List.of(-1)), "token-out-of-vocabulary"));
    bad.add(tokens(batch("huge", "e0", List.of(Integer.MAX_VALUE)), "token-out-of-vocabulary"));
    bad.add(tokens(batch("empty", "e0", List.of()), "empty-sequence"));

    String statistics = Topics.DEFAULT.partialStatistics();
    String manifests = Topics.DEFAULT.flushManifests();
    Id flush = Ids.random();
    int partition = Ids.partition(other, 0, STATISTICS_PARTITIONS);
    StatisticsTile tile = tile(flush, other, 0);
    bad.add(
        new BadRecord(
            new ProducerRecord<>(statistics, partition, key(tile), Wire.encode(tile)),
            "other-fit"));
    bad.add(
        new BadRecord(
            new ProducerRecord<>(manifests, 0, flush.bytes(), Wire.encode(manifest(flush, other))),
            "other-fit"));
    StatisticsTile broken = tile(Ids.random(), other, 1);
    bad.add(
        new BadRecord(
            new ProducerRecord<>(statistics, partition, key(broken), Wire.encode(broken)),
            "stray-tile"));
    bad.add(new BadRecord(new ProducerRecord<>(statistics, 0, key, value), "wrong-message"));
    bad.add(
        new BadRecord(
            new ProducerRecord<>(statistics, 1, key, new byte[] {1, 2, 3}), "malformed-message"));
    bad.add(
        new BadRecord(
            new ProducerRecord<>(manifests, 0, key, new byte[] {1, 2, 3}), "malformed-message"));
    for (String internal :
        List.of(
            Topics.DEFAULT.control(), Topics.DEFAULT.cuts(), Topics.DEFAULT.layerStatistics())) {
      bad.add(
          new BadRecord(
              new ProducerRecord<>(internal, 0, key, new byte[] {1, 2, 3}), "malformed-message"));
    }
    bad.add(
        new BadRecord(
            new ProducerRecord<>(Topics.DEFAULT.control(), 0, key, value), "wrong-message"));
    return bad;
  }

  private static BadRecord tokens(byte[] key, byte[] value, String reason) {
    return new BadRecord(new ProducerRecord<>(Topics.DEFAULT.tokenBatches(), key, value), reason);
  }

  private static BadRecord tokens(TokenBatch batch, String reason) {
    return tokens(batch.getId().bytes(), Wire.encode(batch), reason);
  }

  private static TokenBatch batch(String document, String domain, List<Integer> sequence) {
    return RawProducer.batch(document, domain, List.of(sequence));
  }

  private static byte[] flipped(byte[] bytes, int at) {
    byte[] flipped = bytes.clone();
    flipped[at] ^= 0x40;
    return flipped;
  }

  /**
   * A batch without sequences ends with the end of the array; instead, 2^31 of them are claimed.
   */
  private static byte[] claimingManySequences() {
    byte[] none = Wire.encode(RawProducer.batch("valid", "e0", List.of()));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(none, 0, none.length - 1);
    bytes.writeBytes(HUGE_COUNT);
    return bytes.toByteArray();
  }

  /** The first string comes after ten bytes of header and sixteen of the id. */
  private static byte[] claimingALongString(byte[] valid) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(valid, 0, 26);
    bytes.writeBytes(HUGE_COUNT);
    bytes.write(valid, 27, valid.length - 27);
    return bytes.toByteArray();
  }

  /** A tile whose digest is off by so much. */
  private static StatisticsTile tile(Id flush, Id fit, long off) {
    byte[] values = new byte[Long.BYTES];
    Id slot = Ids.ofSlot("e0", "none", false);
    return new StatisticsTile(
        flush,
        fit,
        0,
        slot,
        StatisticsKind.GRAM,
        0,
        0,
        Tiles.digest(values) + off,
        ByteBuffer.wrap(values));
  }

  private static byte[] key(StatisticsTile tile) {
    return StatisticsKey.staged(
        tile.getFlush(),
        tile.getLayer(),
        tile.getSlot(),
        tile.getKind(),
        tile.getRow(),
        tile.getCol(),
        tile.getDigest());
  }

  private static FlushManifest manifest(Id flush, Id fit) {
    return new FlushManifest(
        flush,
        fit,
        "stranger",
        List.of(new CoveredRange(0, 0L, 1L, List.of(), List.of(), 0L)),
        List.of(),
        List.of(),
        List.of(),
        Instant.EPOCH,
        0);
  }

  private static List<JsonNode> versions() throws IOException {
    return json(Command.run("versions", "--json", "--bootstrap-servers", bootstrap));
  }

  private static Map<String, Long> tokensByDomain(JsonNode version) {
    Map<String, Long> tokens = new LinkedHashMap<>();
    version
        .get("domains")
        .forEach(d -> tokens.put(d.get("domain").asText(), d.get("tokens").asLong()));
    return tokens;
  }

  private static Map<RawProducer.Place, String> deadLetters() throws IOException {
    Map<RawProducer.Place, String> letters = new LinkedHashMap<>();
    for (JsonNode letter :
        json(Command.run("dead-letters", "--json", "--bootstrap-servers", bootstrap))) {
      assertThat(letter.get("detail").asText()).isNotBlank();
      assertThat(letter.get("service").asText())
          .isIn(Set.of("feature-extractor", "sequencer", "fold", "solver"));
      letters.put(
          new RawProducer.Place(
              letter.get("sourceTopic").asText(),
              letter.get("sourcePartition").asInt(),
              letter.get("sourceOffset").asLong()),
          letter.get("reason").asText());
    }
    return letters;
  }

  private static List<JsonNode> json(Command.Result result) throws IOException {
    assertThat(result.status()).as(result.toString()).isZero();
    List<JsonNode> nodes = new ArrayList<>();
    for (String line : result.lines()) {
      nodes.add(JSON.readTree(line));
    }
    return nodes;
  }
}
