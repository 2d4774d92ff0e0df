package io.dume.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.apicurio.registry.serde.avro.AvroDeserializer;
import io.apicurio.registry.serde.avro.AvroSerdeConfig;
import io.apicurio.registry.serde.avro.AvroSerializer;
import io.apicurio.registry.serde.config.SerdeConfig;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.message.CutRefused;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.Header;
import io.dume.schemas.message.RouterPart;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.FormatUnavailableException;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.MalformedMessageException;
import io.dume.schemas.wire.MessageFormat;
import io.dume.schemas.wire.Wire;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.config.provider.FileConfigProvider;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RegistryFormatTest {
  private static final int HEADER = 5;
  private static final String TOPIC = "dume.any";

  private final RegistryStandIn registry = new RegistryStandIn();
  private final MessageFormat format = open(registry.url());

  @AfterEach
  void close() {
    registry.close();
  }

  private static MessageFormat open(String url, String... more) {
    Map<String, String> settings = new HashMap<>();
    settings.put("dume.serde", "registry");
    settings.put("apicurio.registry.url", url);
    for (int i = 0; i < more.length; i += 2) {
      settings.put(more[i], more[i + 1]);
    }
    return new KafkaSettings("nowhere:1", settings).format();
  }

  static List<SpecificRecord> messages() {
    return List.of(
        batch(List.of(List.of(1, 2, 3), List.of(70_000))),
        new RouterPart("demo", 7L, 0, ByteBuffer.wrap(new byte[] {1, 2, 3})),
        new CutRefused("demo", 3L, Ids.random(), List.of(), "no tokens", Instant.ofEpochMilli(9)),
        new DeadLetter(
            "unknown-domain",
            "why",
            "feed",
            "topic",
            3,
            4L,
            Instant.ofEpochMilli(1),
            null,
            ByteBuffer.wrap(new byte[] {9}),
            List.of(new Header("k", ByteBuffer.wrap(new byte[] {8}))),
            Instant.ofEpochMilli(2)));
  }

  private static TokenBatch batch(List<List<Integer>> sequences) {
    return TokenBatch.newBuilder()
        .setId(Ids.ofRecord("source", "document", 0))
        .setSource("source")
        .setDocument("document")
        .setPart(0)
        .setDomain("math")
        .setTokenizer("")
        .setHeldOut(false)
        .setSequences(sequences)
        .build();
  }

  private static byte[] message(int id, byte[] body) {
    return ByteBuffer.allocate(HEADER + body.length).put((byte) 0).putInt(id).put(body).array();
  }

  private static byte[] body(SpecificRecord message) {
    byte[] wire = Wire.encode(message);
    return Arrays.copyOfRange(wire, 10, wire.length);
  }

  @ParameterizedTest
  @MethodSource("messages")
  void shouldReadWhatItWrote(SpecificRecord message) throws MalformedMessageException {
    byte[] bytes = format.encode(TOPIC, message);

    assertThat(bytes).startsWith(0, 0, 0, 0, 1).endsWith(body(message));
    assertThat(bytes).hasSize(HEADER + body(message).length);
    // A reader that has never seen the schema.
    assertThat(open(registry.url()).decode(bytes)).isEqualTo(message);
    assertThat(registry.requests()).contains("POST /groups/io.dume.schemas.message/artifacts");
  }

  @ParameterizedTest
  @MethodSource("messages")
  void shouldReadWhatApicuriosProducersWriteByDefault(SpecificRecord message)
      throws MalformedMessageException {
    try (AvroSerializer<SpecificRecord> theirs = new AvroSerializer<>()) {
      theirs.configure(
          new AvroSerdeConfig(
              new HashMap<>(
                  Map.of(
                      "apicurio.registry.url", registry.url(),
                      "apicurio.registry.http.adapter", "JDK",
                      "apicurio.registry.auto-register", "true"))),
          false);

      // They register a record within the record as an artifact of its own.
      byte[] bytes = theirs.serializeData(TOPIC, message);

      assertThat(format.decode(bytes)).isEqualTo(message);
    }
  }

  @ParameterizedTest
  @MethodSource("messages")
  void shouldWriteWhatApicuriosConsumersRead(SpecificRecord message) {
    try (AvroDeserializer<SpecificRecord> theirs = new AvroDeserializer<>()) {
      theirs.configure(
          new SerdeConfig(
              new HashMap<>(
                  Map.of(
                      "apicurio.registry.url", registry.url(),
                      "apicurio.registry.http.adapter", "JDK",
                      "apicurio.registry.use-specific-avro-reader", "true"))),
          false);

      byte[] bytes = format.encode(TOPIC, message);

      assertThat(theirs.deserializeData(TOPIC, bytes)).isEqualTo(message);
    }
  }

  @Test
  void shouldReadSingleObjectMessagesWithoutAsking() throws MalformedMessageException {
    TokenBatch batch = batch(List.of());

    assertThat(format.decode(Wire.encode(batch), TokenBatch.class)).isEqualTo(batch);
    assertThat(registry.requests()).isEmpty();
  }

  @Test
  void shouldRegisterAndLookUpEachSchemaOnce() throws MalformedMessageException {
    MessageFormat reader = open(registry.url());
    for (int i = 0; i < 50; i++) {
      reader.decode(format.encode(TOPIC, batch(List.of(List.of(i)))));
    }

    assertThat(registry.requests()).filteredOn(r -> r.startsWith("POST")).hasSize(1);
    assertThat(registry.requests()).hasSizeLessThanOrEqualTo(4);
  }

  @Test
  void shouldReadASchemaOfOthersThatFits() throws MalformedMessageException {
    // A producer with a field of its own, and one that it leaves out.
    String text = TokenBatch.getClassSchema().toString();
    Schema ours = new Schema.Parser().parse(text);
    List<Schema.Field> fields =
        Stream.concat(
                Stream.of(new Schema.Field("more", Schema.create(Schema.Type.STRING))),
                ours.getFields().stream().map(f -> new Schema.Field(f, f.schema())))
            .toList();
    Schema theirs = Schema.createRecord(ours.getName(), null, ours.getNamespace(), false, fields);
    int id = registry.add(theirs.toString());
    TokenBatch batch = batch(List.of(List.of(5)));
    byte[] body = body(batch);
    byte[] extended =
        ByteBuffer.allocate(body.length + 2).put((byte) 2).put((byte) 'x').put(body).array();

    assertThat(format.decode(message(id, extended))).isEqualTo(batch);
  }

  static List<String> refusedSchemas() {
    String name = "\"name\":\"TokenBatch\",\"namespace\":\"io.dume.schemas.message\"";
    String array = "{\"type\":\"array\",\"items\":%s}";
    return List.of(
        "{\"type\":\"record\",\"name\":\"Other\",\"fields\":[]}",
        "{\"type\":\"record\"," + name + ",\"fields\":[]}",
        "{\"type\":\"record\","
            + name
            + ",\"fields\":[{\"name\":\"x\",\"type\":"
            + array.formatted("\"null\"")
            + "}]}",
        "{\"type\":\"record\","
            + name
            + ",\"fields\":[{\"name\":\"x\",\"type\":"
            + array.formatted("\"TokenBatch\"")
            + "}]}",
        "\"string\"",
        "syntax = \"proto3\";",
        "{\"type\":");
  }

  @ParameterizedTest
  @MethodSource("refusedSchemas")
  void shouldRefuseASchemaThatIsNoneOrDoesHarmAndAskOnce(String schema) {
    byte[] bytes = message(registry.add(schema), new byte[] {1, 2, 3});
    for (int i = 0; i < 10; i++) {
      assertThatExceptionOfType(MalformedMessageException.class)
          .isThrownBy(() -> format.decode(bytes))
          .withMessageContaining("contentId 1");
    }

    assertThat(registry.requests()).hasSizeLessThanOrEqualTo(3);
  }

  @Test
  void shouldRefuseSizesThatAreNotThereInARegisteredSchema() {
    int id = registry.add(TokenBatch.getClassSchema().toString());
    byte[] claims = new byte[24];
    Arrays.fill(claims, 16, 21, (byte) 0xFF);
    claims[21] = 0x0F;

    assertThatExceptionOfType(MalformedMessageException.class)
        .isThrownBy(() -> format.decode(message(id, claims)));
  }

  @Test
  void shouldAskForAnUnknownIdOnce() {
    for (int i = 0; i < 1000; i++) {
      assertThatExceptionOfType(MalformedMessageException.class)
          .isThrownBy(() -> format.decode(message(4711, new byte[3])))
          .withMessageContaining("no such schema");
    }

    assertThat(registry.requests()).containsExactly("GET /ids/contentIds/4711");
  }

  @Test
  void shouldAskForManyUnknownIdsAtALimitedRate() {
    Random random = new Random(1);
    long start = System.nanoTime();
    for (int i = 0; i < 300; i++) {
      assertThatExceptionOfType(MalformedMessageException.class)
          .isThrownBy(() -> format.decode(message(random.nextInt() | 1 << 20, new byte[3])));
    }

    // 100 at once, then 100 a second.
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(1900));
  }

  @ParameterizedTest
  @MethodSource("broken")
  void shouldRefuseWhatIsInNeitherFormat(byte[] bytes) {
    assertThatExceptionOfType(MalformedMessageException.class)
        .isThrownBy(() -> format.decode(bytes));
    assertThat(registry.requests()).isEmpty();
  }

  static List<byte[]> broken() {
    return List.of(
        new byte[0], new byte[] {0}, new byte[] {0, 0, 0, 1}, new byte[] {1, 0, 0, 0, 1});
  }

  @Test
  void shouldNotBlameAMessageForARegistryThatFails() {
    registry.refuse(503);

    assertThatExceptionOfType(FormatUnavailableException.class)
        .isThrownBy(() -> format.decode(message(1, new byte[3])))
        .withMessageContaining("503")
        .withMessageContaining(registry.url());
  }

  @Test
  void shouldWaitForARegistryThatIsDown() {
    TokenBatch batch = batch(List.of(List.of(1)));
    int port = registry.port();
    registry.close();
    CompletableFuture<byte[]> written =
        CompletableFuture.supplyAsync(() -> format.waiting(() -> false).encode(TOPIC, batch));

    assertThat(written).isNotDone();
    try (RegistryStandIn again = new RegistryStandIn(port)) {
      assertThat(written)
          .succeedsWithin(Duration.ofSeconds(60))
          .satisfies(bytes -> assertThat(format.decode(bytes)).isEqualTo(batch));
      assertThat(again.requests()).isNotEmpty();
    }
  }

  @Test
  void shouldWriteWhatItHasRegisteredWithoutARegistry() throws MalformedMessageException {
    MessageFormat forgetful = open(registry.url(), "apicurio.registry.check-period-ms", "1");
    byte[] first = forgetful.encode(TOPIC, batch(List.of(List.of(1))));
    registry.refuse(503);
    TokenBatch second = batch(List.of(List.of(2, 3), List.of(4)));

    byte[] written = forgetful.encode(TOPIC, second);

    assertThat(written).startsWith(Arrays.copyOf(first, 5));
    registry.refuse(0);
    assertThat(forgetful.decode(written)).isEqualTo(second);
  }

  @Test
  void shouldStopWaitingWhenTold() {
    registry.refuse(500);
    AtomicBoolean stopped = new AtomicBoolean();
    CompletableFuture<byte[]> written =
        CompletableFuture.supplyAsync(
            () -> format.waiting(stopped::get).encode(TOPIC, batch(List.of())));
    Awaitility.await().until(() -> registry.requests().size() >= 2);
    stopped.set(true);

    assertThat(written)
        .failsWithin(Duration.ofSeconds(30))
        .withThrowableThat()
        .withRootCauseInstanceOf(Exception.class)
        .withMessageContaining("status 500");
  }

  @Test
  void shouldSignInWithAPasswordFromAFile(@TempDir Path directory) throws IOException {
    Path secrets =
        Files.writeString(directory.resolve("secrets.properties"), "registry=open sesame");
    MessageFormat signedIn =
        open(
            registry.url(),
            "config.providers",
            "file",
            "config.providers.file.class",
            FileConfigProvider.class.getName(),
            "apicurio.registry.auth.username",
            "worker",
            "apicurio.registry.auth.password",
            "${file:%s:registry}".formatted(secrets));

    signedIn.encode(TOPIC, batch(List.of()));

    String credentials =
        Base64.getEncoder().encodeToString("worker:open sesame".getBytes(StandardCharsets.UTF_8));
    assertThat(registry.authorizations()).containsExactly("Basic " + credentials);
  }

  @Test
  void shouldNameTheSettingThatIsMissing() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new KafkaSettings("a:1", Map.of("dume.serde", "registry")).format())
        .withMessageContaining("apicurio.registry.url");
  }

  @Test
  void shouldRefuseSettingsThatWouldWriteWhatCannotBeRead() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> open("http://a:1", "apicurio.registry.find-latest", "true"))
        .withMessageContaining("find-latest");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> open("http://a:1", "apicurio.registry.avro.encoding", "JSON"))
        .withMessageContaining("avro.encoding");
  }
}
