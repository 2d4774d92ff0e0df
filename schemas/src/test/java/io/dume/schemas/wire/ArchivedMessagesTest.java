package io.dume.schemas.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.management.ThreadMXBean;
import io.dume.schemas.message.FitFailed;
import io.dume.schemas.message.Id;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Messages and state records in the schemas of earlier versions, good ones and bad ones. */
class ArchivedMessagesTest {
  private static final int HEADER = 10;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final List<SchemaHistory.Entry> HISTORY = SchemaHistory.read();

  private static boolean isState(String name) {
    return StateRecords.TYPES.schemas().stream().anyMatch(it -> it.getName().equals(name));
  }

  private static MessageSet types(String name) {
    return isState(name) ? StateRecords.TYPES : Wire.TYPES;
  }

  private static Schema today(String name) {
    return types(name).schemas().stream()
        .filter(schema -> schema.getName().equals(name))
        .findAny()
        .orElseThrow();
  }

  // ---------------------------------------------------------------- what real versions wrote

  static List<SchemaSamples.Sample> samples() throws IOException {
    return SchemaSamples.read();
  }

  @ParameterizedTest
  @MethodSource("samples")
  void shouldReadWhatTheCodeOfAnEarlierVersionWrote(SchemaSamples.Sample sample)
      throws IOException, MalformedMessageException {
    SpecificRecord message = types(sample.name()).decode(sample.bytes());

    assertThat(message.getSchema().getName()).isEqualTo(sample.name());
    Schema writer =
        HISTORY.stream()
            .filter(it -> it.version() == sample.version() && it.name().equals(sample.name()))
            .map(SchemaHistory.Entry::schema)
            .findAny()
            .orElseThrow();
    assertHoldsWhatWasWritten(generic(message), body(sample.bytes(), writer, writer));
  }

  @Test
  void shouldHaveASampleOfEveryArchivedSchema() throws IOException {
    Set<String> samples =
        SchemaSamples.read().stream()
            .map(it -> it.version() + " " + it.name())
            .collect(Collectors.toSet());

    assertThat(HISTORY)
        .extracting(it -> it.version() + " " + it.name())
        .containsExactlyInAnyOrderElementsOf(samples);
  }

  /** Every field of today has what was written, or else its default. */
  private static void assertHoldsWhatWasWritten(GenericRecord read, GenericRecord written) {
    for (Schema.Field field : read.getSchema().getFields()) {
      Object value = read.get(field.pos());
      if (written.getSchema().getField(field.name()) == null) {
        assertThat(value)
            .as("the default of %s", field.name())
            .isEqualTo(GenericData.get().getDefaultValue(field));
      } else {
        assertSame(value, written.get(field.name()));
      }
    }
  }

  private static void assertSame(Object value, Object written) {
    if (written instanceof GenericRecord record) {
      assertHoldsWhatWasWritten((GenericRecord) value, record);
    } else if (written instanceof List<?> items) {
      assertThat((List<?>) value).hasSameSizeAs(items);
      for (int i = 0; i < items.size(); i++) {
        assertSame(((List<?>) value).get(i), items.get(i));
      }
    } else if (written instanceof GenericData.Fixed || written instanceof GenericData.EnumSymbol) {
      assertThat(value).hasToString(written.toString());
    } else {
      assertThat(value).isEqualTo(written);
    }
  }

  private static GenericRecord body(byte[] bytes, Schema writer, Schema reader) throws IOException {
    return new GenericDatumReader<GenericRecord>(writer, reader)
        .read(null, DecoderFactory.get().binaryDecoder(bytes, HEADER, bytes.length - HEADER, null));
  }

  private static GenericRecord generic(SpecificRecord message) throws IOException {
    byte[] bytes = types(message.getSchema().getName()).encode(message);
    return body(bytes, message.getSchema(), message.getSchema());
  }

  // ---------------------------------------------------------------- random and hostile ones

  @Provide
  Arbitrary<Integer> entries() {
    return Arbitraries.integers().between(0, HISTORY.size() - 1);
  }

  private static byte[] random(Schema schema, long seed) {
    return encode(schema, (GenericRecord) value(schema, new Random(seed)));
  }

  private static byte[] encode(Schema schema, GenericRecord record) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(0xC3);
    out.write(0x01);
    long fingerprint = SchemaNormalization.parsingFingerprint64(schema);
    out.writeBytes(
        ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(fingerprint).array());
    try {
      BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(out, null);
      new GenericDatumWriter<GenericRecord>(schema).write(record, encoder);
      encoder.flush();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return out.toByteArray();
  }

  private static Object value(Schema schema, Random random) {
    return switch (schema.getType()) {
      case RECORD -> {
        GenericRecord record = new GenericData.Record(schema);
        schema.getFields().forEach(it -> record.put(it.pos(), value(it.schema(), random)));
        yield record;
      }
      case ARRAY -> {
        List<Object> items = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
          items.add(value(schema.getElementType(), random));
        }
        yield items;
      }
      case UNION -> value(schema.getTypes().get(random.nextInt(2)), random);
      case ENUM -> {
        List<String> symbols = schema.getEnumSymbols();
        yield new GenericData.EnumSymbol(schema, symbols.get(random.nextInt(symbols.size())));
      }
      case FIXED -> {
        byte[] bytes = new byte[schema.getFixedSize()];
        random.nextBytes(bytes);
        yield new GenericData.Fixed(schema, bytes);
      }
      case LONG -> (long) random.nextInt();
      default -> RandomMessages.value(schema, random);
    };
  }

  /** Decodes within the bound on memory: to a message, or to nothing if the bytes are none. */
  private static Optional<SpecificRecord> decode(MessageSet types, byte[] bytes) {
    attempt(types, bytes);
    long before = THREADS.getCurrentThreadAllocatedBytes();
    Optional<SpecificRecord> message = attempt(types, bytes);
    long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
    // Twice what a message of today may take: Avro decodes a default for each field that it fills.
    assertThat(allocated)
        .as("bytes allocated for %d bytes of message", bytes.length)
        .isLessThan(96L * bytes.length + 64 * 1024);
    return message;
  }

  private static Optional<SpecificRecord> attempt(MessageSet types, byte[] bytes) {
    try {
      return Optional.of(types.decode(bytes));
    } catch (MalformedMessageException e) {
      assertThat(e).hasMessageMatching("(?s).{10,}");
      return Optional.empty();
    }
  }

  @Property(tries = 1000)
  void shouldResolveEveryArchivedSchemaToTodays(@ForAll("entries") int entry, @ForAll long seed)
      throws IOException {
    SchemaHistory.Entry old = HISTORY.get(entry);
    byte[] bytes = random(old.schema(), seed);

    Optional<SpecificRecord> message = decode(types(old.name()), bytes);

    assertThat(generic(message.orElseThrow()))
        .isEqualTo(body(bytes, old.schema(), today(old.name())));
  }

  @Property(tries = 100)
  void shouldRefuseEveryTruncationOfAnArchivedMessage(
      @ForAll("entries") int entry, @ForAll long seed) {
    SchemaHistory.Entry old = HISTORY.get(entry);
    byte[] bytes = random(old.schema(), seed);

    for (int length = 0; length < bytes.length; length++) {
      assertThat(attempt(types(old.name()), Arrays.copyOf(bytes, length)))
          .as("first %d bytes", length)
          .isEmpty();
    }
  }

  @Property(tries = 300)
  void shouldRefuseBytesLeftOverAfterAnArchivedMessage(
      @ForAll("entries") int entry, @ForAll long seed) {
    SchemaHistory.Entry old = HISTORY.get(entry);
    byte[] bytes = random(old.schema(), seed);

    assertThat(decode(types(old.name()), Arrays.copyOf(bytes, bytes.length + 1))).isEmpty();
  }

  @Property(tries = 1000)
  void shouldSurviveFlippedBitsInAnArchivedMessage(
      @ForAll("entries") int entry,
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 8) int flips) {
    SchemaHistory.Entry old = HISTORY.get(entry);
    byte[] bytes = random(old.schema(), seed);
    Random random = new Random(seed);
    for (int i = 0; i < flips; i++) {
      int bit = HEADER * 8 + random.nextInt((bytes.length - HEADER) * 8);
      bytes[bit / 8] ^= (byte) (1 << bit % 8);
    }

    decode(types(old.name()), bytes).ifPresent(ArchivedMessagesTest::assertCanBeWrittenAgain);
  }

  @Property(tries = 1000)
  void shouldSurviveAbsurdClaimsOfSizeInAnArchivedMessage(
      @ForAll("entries") int entry,
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 62) int magnitude,
      @ForAll boolean negative) {
    SchemaHistory.Entry old = HISTORY.get(entry);
    byte[] bytes = random(old.schema(), seed);
    int at = HEADER + new Random(seed).nextInt(bytes.length - HEADER);
    byte[] claimed = claim(bytes, at, negative ? -(1L << magnitude) : 1L << magnitude);

    decode(types(old.name()), claimed).ifPresent(ArchivedMessagesTest::assertCanBeWrittenAgain);
  }

  /** Compared by their bytes: a message that holds a NaN does not equal itself. */
  private static void assertCanBeWrittenAgain(SpecificRecord message) {
    MessageSet types = types(message.getSchema().getName());
    byte[] written = types.encode(message);

    assertThat(attempt(types, written).map(types::encode))
        .hasValueSatisfying(again -> assertThat(again).isEqualTo(written));
  }

  private static byte[] claim(byte[] bytes, int at, long... claims) {
    ByteArrayOutputStream claimed = new ByteArrayOutputStream();
    claimed.write(bytes, 0, at);
    for (long claim : claims) {
      claimed.writeBytes(varint(claim));
    }
    claimed.write(bytes, at, bytes.length - at);
    return claimed.toByteArray();
  }

  private static byte[] varint(long value) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    long zigzag = value << 1 ^ value >> 63;
    while ((zigzag & ~0x7FL) != 0) {
      bytes.write((int) (zigzag & 0x7F | 0x80));
      zigzag >>>= 7;
    }
    bytes.write((int) zigzag);
    return bytes.toByteArray();
  }

  // ---------------------------------------------------------------- fields that are no more

  /** FitFailed as it might have been: with fields of every kind that today's does not have. */
  private static final Schema WORDY =
      new Schema.Parser()
          .parse(
              """
              {"type": "record", "name": "FitFailed", "namespace": "io.dume.schemas.message",
               "fields": [
                {"name": "fit", "type": {"type": "fixed", "name": "Id", "size": 16}},
                {"name": "where", "type": "string"},
                {"name": "trace", "type": "bytes"},
                {"name": "reason", "type": "string"},
                {"name": "flushes", "type": {"type": "array", "items":
                  {"type": "record", "name": "Gone", "fields": [
                    {"name": "flush", "type": "Id"},
                    {"name": "words", "type": {"type": "array", "items": "string"}}]}}}
              ]}""");

  private static final MessageSet AFTER_WORDY =
      new MessageSet(
          BoundedDecoder.MAX_STRING_BYTES,
          List.of(new FitFailed()),
          List.of(new SchemaHistory.Entry(1, WORDY)));

  private static GenericRecord wordy(String where, byte[] trace) {
    GenericRecord record = new GenericData.Record(WORDY);
    record.put("fit", new GenericData.Fixed(WORDY.getField("fit").schema(), new byte[16]));
    record.put("where", where);
    record.put("trace", ByteBuffer.wrap(trace));
    record.put("reason", "gap");
    record.put("flushes", List.of());
    return record;
  }

  @Property(tries = 300)
  void shouldPassOverFieldsThatAreNoMore(@ForAll long seed) {
    GenericRecord record = (GenericRecord) value(WORDY, new Random(seed));

    Optional<SpecificRecord> message = decode(AFTER_WORDY, encode(WORDY, record));

    byte[] id = ((GenericData.Fixed) record.get("fit")).bytes();
    assertThat(message).contains(new FitFailed(new Id(id), record.get("reason").toString()));
  }

  @Property(tries = 300)
  void shouldRefuseTruncationsAndTrailingBytesOfFieldsThatAreNoMore(@ForAll long seed) {
    byte[] bytes = random(WORDY, seed);

    for (int length = 0; length <= bytes.length + 1; length++) {
      assertThat(attempt(AFTER_WORDY, Arrays.copyOf(bytes, length)).isPresent())
          .as("%d of %d bytes", length, bytes.length)
          .isEqualTo(length == bytes.length);
    }
  }

  static Stream<byte[]> hostile() {
    byte[] good = encode(WORDY, wordy("", new byte[0]));
    int last = good.length - 1;
    byte[] longer = Arrays.copyOf(good, good.length + 4096);
    return Stream.of(
        claim(good, HEADER + 16, Long.MAX_VALUE),
        claim(good, HEADER + 16, -1),
        claim(good, HEADER + 16, 1 << 30),
        claim(good, HEADER + 17, Long.MAX_VALUE),
        claim(good, HEADER + 17, Long.MIN_VALUE),
        claim(good, last, Long.MAX_VALUE),
        claim(good, last, Long.MIN_VALUE, 0),
        // Blocks with a size: none in which the items are, or one that leads back or far away.
        claim(longer, last, -4096, 0),
        claim(longer, last, -1, -8),
        claim(longer, last, -1, Long.MIN_VALUE),
        claim(longer, last, -1, 1 << 30),
        encode(WORDY, wordy("a".repeat(64 * 1024 + 1), new byte[0])));
  }

  @ParameterizedTest
  @MethodSource("hostile")
  void shouldRefuseHostileClaimsInFieldsThatAreNoMore(byte[] bytes) {
    assertThat(decode(AFTER_WORDY, bytes)).isEmpty();
  }

  @Test
  void shouldBoundTheMemoryOfTheMostWastefulArchivedMessages() {
    for (SchemaHistory.Entry old : HISTORY) {
      GenericRecord record = (GenericRecord) value(old.schema(), new Random(1));
      old.schema().getFields().stream()
          .filter(field -> field.schema().getType() == Schema.Type.ARRAY)
          .forEach(field -> record.put(field.pos(), wasteful(field.schema())));

      assertThat(decode(types(old.name()), encode(old.schema(), record)))
          .as("%s of version %d", old.name(), old.version())
          .isPresent();
    }
  }

  /** Many items of as few bytes as can be. */
  private static List<Object> wasteful(Schema array) {
    List<Object> items = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      items.add(least(array.getElementType()));
    }
    return items;
  }

  private static Object least(Schema schema) {
    return switch (schema.getType()) {
      case RECORD -> {
        GenericRecord record = new GenericData.Record(schema);
        schema.getFields().forEach(it -> record.put(it.pos(), least(it.schema())));
        yield record;
      }
      case ARRAY -> List.of();
      case UNION -> least(schema.getTypes().get(0));
      case STRING -> "";
      case BYTES -> ByteBuffer.allocate(0);
      case INT -> 0;
      case LONG -> 0L;
      default -> value(schema, new Random(0));
    };
  }

  @Test
  void shouldRefuseTheFingerprintThatNoVersionHad() {
    byte[] bytes = encode(WORDY, wordy("here", new byte[3]));

    assertThatExceptionOfType(MalformedMessageException.class)
        .isThrownBy(() -> Wire.decode(bytes))
        .withMessageContaining("unknown schema fingerprint");
  }
}
