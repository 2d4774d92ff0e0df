package io.dume.schemas.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.sun.management.ThreadMXBean;
import io.dume.schemas.message.CutRefused;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.FitFailed;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.LayerComplete;
import io.dume.schemas.message.RouterPart;
import io.dume.schemas.message.TokenBatch;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

class WireTest {
  private static final int HEADER = 10;

  /** Bytes that decoding may allocate for each byte of a message, and beside that. */
  private static final long ALLOCATION_FACTOR = 48;

  private static final long ALLOCATION_CONSTANT = 64 * 1024;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @Provide
  Arbitrary<Integer> types() {
    return Arbitraries.integers().between(0, RandomMessages.TYPES.size() - 1);
  }

  private static byte[] random(int type, long seed) {
    return Wire.encode(RandomMessages.of(type, new Random(seed)));
  }

  /** Decodes within the bound on memory: to a message, or to nothing if the bytes are none. */
  private static Optional<SpecificRecord> decode(byte[] bytes) {
    // Classes that are loaded for the first time are nobody's fault.
    attempt(bytes);
    long before = THREADS.getCurrentThreadAllocatedBytes();
    Optional<SpecificRecord> message = attempt(bytes);
    long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
    assertThat(allocated)
        .as("bytes allocated for %d bytes of message", bytes.length)
        .isLessThan(ALLOCATION_FACTOR * bytes.length + ALLOCATION_CONSTANT);
    return message;
  }

  private static Optional<SpecificRecord> attempt(byte[] bytes) {
    try {
      return Optional.of(Wire.decode(bytes));
    } catch (MalformedMessageException e) {
      assertThat(e).hasMessageMatching("(?s).{10,}");
      return Optional.empty();
    }
  }

  @Property(tries = 1000)
  void shouldGiveBackEveryMessageThatWasEncoded(@ForAll("types") int type, @ForAll long seed) {
    SpecificRecord message = RandomMessages.of(type, new Random(seed));

    assertThat(decode(Wire.encode(message))).contains(message);
  }

  @Property(tries = 300)
  void shouldRefuseEveryTruncation(@ForAll("types") int type, @ForAll long seed) {
    byte[] bytes = random(type, seed);

    for (int length = 0; length < bytes.length; length++) {
      assertThat(attempt(Arrays.copyOf(bytes, length))).as("first %d bytes", length).isEmpty();
    }
  }

  @Property(tries = 300)
  void shouldRefuseBytesLeftOver(@ForAll("types") int type, @ForAll long seed) {
    byte[] bytes = random(type, seed);

    assertThat(decode(Arrays.copyOf(bytes, bytes.length + 1))).isEmpty();
  }

  @Property(tries = 3000)
  void shouldSurviveFlippedBits(
      @ForAll("types") int type, @ForAll long seed, @ForAll @IntRange(min = 1, max = 8) int flips) {
    byte[] bytes = random(type, seed);
    Random random = new Random(seed);
    for (int i = 0; i < flips; i++) {
      int bit = random.nextInt(bytes.length * 8);
      bytes[bit / 8] ^= (byte) (1 << bit % 8);
    }

    decode(bytes).ifPresent(WireTest::requireWritableAgain);
  }

  /** Compared by their bytes: a message that holds a NaN does not equal itself. */
  private static void requireWritableAgain(SpecificRecord message) {
    byte[] written = Wire.encode(message);

    assertThat(decode(written).map(Wire::encode))
        .hasValueSatisfying(b -> assertThat(b).isEqualTo(written));
  }

  @Property(tries = 3000)
  void shouldSurviveRandomBytesBehindAGoodHeader(
      @ForAll("types") int type,
      @ForAll long seed,
      @ForAll @IntRange(min = 0, max = 2000) int length) {
    byte[] bytes = Arrays.copyOf(random(type, seed), HEADER + length);
    byte[] body = new byte[length];
    new Random(seed).nextBytes(body);
    System.arraycopy(body, 0, bytes, HEADER, length);

    decode(bytes).ifPresent(WireTest::requireWritableAgain);
  }

  @Property(tries = 500)
  void shouldRefuseRandomBytes(@ForAll byte[] bytes) {
    assertThat(decode(bytes)).isEmpty();
  }

  @Property(tries = 3000)
  void shouldSurviveAbsurdClaimsOfSizeAnywhere(
      @ForAll("types") int type,
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 62) int magnitude) {
    byte[] bytes = random(type, seed);
    int at = HEADER + new Random(seed).nextInt(bytes.length - HEADER);
    ByteArrayOutputStream claimed = new ByteArrayOutputStream();
    claimed.write(bytes, 0, at);
    claimed.writeBytes(varint(1L << magnitude));
    claimed.write(bytes, at, bytes.length - at);

    decode(claimed.toByteArray()).ifPresent(WireTest::requireWritableAgain);
  }

  /** Zigzag and seven bits a byte, as Avro writes a long that is not negative. */
  private static byte[] varint(long value) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    long zigzag = value << 1;
    while ((zigzag & ~0x7FL) != 0) {
      bytes.write((int) (zigzag & 0x7F | 0x80));
      zigzag >>>= 7;
    }
    bytes.write((int) zigzag);
    return bytes.toByteArray();
  }

  @Test
  void shouldBoundTheMemoryOfTheMostWastefulMessages() {
    List<List<Integer>> empty = new ArrayList<>();
    List<Integer> ids = new ArrayList<>();
    for (int i = 0; i < 500_000; i++) {
      empty.add(List.of());
      ids.add(1000 + i % 1000);
    }

    assertThat(decode(Wire.encode(batch(empty)))).isPresent();
    assertThat(decode(Wire.encode(batch(List.of(ids))))).isPresent();
  }

  @Test
  void shouldRefuseAMessageThatWouldTakeManyTimesItsBytesInMemory() {
    List<String> requests = Collections.nCopies(BoundedDecoder.MAX_PARTS, "");
    CutRefused refused = new CutRefused("r", 1L, Ids.random(), requests, "", Instant.EPOCH);

    Optional<SpecificRecord> decoded = decode(Wire.encode(refused));

    assertThat(decoded).isEmpty();
  }

  private static TokenBatch batch(List<List<Integer>> sequences) {
    return TokenBatch.newBuilder()
        .setId(Ids.random())
        .setSource("s")
        .setDocument("d")
        .setPart(0)
        .setDomain("code")
        .setSequences(sequences)
        .build();
  }

  @Test
  void shouldRefuseAnArrayThatClaimsNearlyAsManyItemsAsItHasBytesInEveryLevel() {
    // 100 outer items are claimed, and the first inner array claims as many as there are bytes.
    byte[] valid = Wire.encode(batch(List.of()));
    byte[] padding = new byte[1 << 20];
    ByteArrayOutputStream claimed = new ByteArrayOutputStream();
    claimed.write(valid, 0, valid.length - 1);
    for (int i = 0; i < 100; i++) {
      claimed.writeBytes(varint(1_000_000));
    }
    claimed.writeBytes(padding);

    assertThat(decode(claimed.toByteArray())).isEmpty();
  }

  @Test
  void shouldNameTheMessageThatCameInPlaceOfAnother() {
    byte[] bytes = Wire.encode(new LayerComplete(1L, Ids.random(), 0, 1, 0));

    assertThatExceptionOfType(MalformedMessageException.class)
        .isThrownBy(() -> Wire.decode(bytes, RouterPart.class))
        .withMessage("a LayerComplete where a RouterPart belongs");
  }

  @Test
  void shouldNameTheFingerprintOfASchemaThatItDoesNotKnow() {
    byte[] bytes = HexFormat.of().parseHex("c301efbeaddeefbeadde00");

    assertThatExceptionOfType(MalformedMessageException.class)
        .isThrownBy(() -> Wire.decode(bytes))
        .withMessageContaining("deadbeefdeadbeef");
  }

  @Test
  void shouldRefuseStringsThatAreNotUtf8() {
    byte[] bytes = Wire.encode(new FitFailed(new Id(new byte[16]), "abc"));
    bytes[bytes.length - 1] = (byte) 0xFF;

    assertThatExceptionOfType(MalformedMessageException.class)
        .isThrownBy(() -> Wire.decode(bytes))
        .withMessageContaining("FitFailed")
        .withMessageContaining("UTF-8");
  }

  @Test
  void shouldReadTheReplacementCharacterWhereItWasWritten() throws Exception {
    FitFailed message = new FitFailed(new Id(new byte[16]), "a \uFFFD b");

    assertThat(Wire.decode(Wire.encode(message))).isEqualTo(message);
  }

  @Test
  void shouldRefuseAStringThatIsTooLongToBeQuoted() throws Exception {
    byte[] longest = Wire.encode(new FitFailed(new Id(new byte[16]), "a".repeat(64 * 1024)));
    byte[] longer = Wire.encode(new FitFailed(new Id(new byte[16]), "a".repeat(64 * 1024 + 1)));

    assertThat(Wire.decode(longest)).isInstanceOf(FitFailed.class);
    assertThatExceptionOfType(MalformedMessageException.class)
        .isThrownBy(() -> Wire.decode(longer))
        .withMessageContaining("65537 bytes");
  }

  @Test
  void shouldRefuseToEncodeWhatNeverTravelsByItself() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Wire.encode(new Expert("code", "mlp")))
        .withMessageContaining("Expert");
  }

  @Test
  void shouldKeepTheBytesOfTheWire() {
    // Avro single-object encoding: marker, fingerprint of the schema, body. Other programs read it.
    byte[] bytes = Wire.encode(new FitFailed(new Id(new byte[16]), "gap"));

    assertThat(bytes).startsWith(0xC3, 0x01).endsWith(6, 'g', 'a', 'p').hasSize(HEADER + 16 + 4);
    assertThat(ByteBuffer.wrap(bytes).getLong(2)).isNotZero();
  }
}
