package io.dume.schemas.wire;

import io.dume.schemas.message.ApplyFlush;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.CutRefused;
import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.DiscardFlush;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.message.FitFailed;
import io.dume.schemas.message.FitPromoted;
import io.dume.schemas.message.FitRemoved;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.ForgetFit;
import io.dume.schemas.message.LayerComplete;
import io.dume.schemas.message.LayerFailed;
import io.dume.schemas.message.LayerTargets;
import io.dume.schemas.message.LayerTile;
import io.dume.schemas.message.MixedIn;
import io.dume.schemas.message.RouterPart;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.message.SolveProfileFixed;
import io.dume.schemas.message.StatisticsTile;
import io.dume.schemas.message.TakeAway;
import io.dume.schemas.message.TokenBatch;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;

/**
 * Messages to bytes and back, by Avro's single-object encoding: {@code C3 01}, the little-endian
 * CRC-64-AVRO fingerprint of the schema, the binary body. All methods are thread-safe.
 */
public final class Wire {
  private static final int HEADER_BYTES = 10;
  private static final byte[] MARKER = {(byte) 0xC3, 0x01};

  private record Type(Class<?> javaClass, Schema schema, long fingerprint) {}

  private static final Map<Class<?>, Type> BY_CLASS = new HashMap<>();
  private static final Map<Long, Type> BY_FINGERPRINT = new HashMap<>();

  static {
    List.of(
            new TokenBatch(),
            new FitCreated(),
            new SolveProfileFixed(),
            new ExpertsChanged(),
            new CutRequested(),
            new MixedIn(),
            new FitFailed(),
            new FitPromoted(),
            new FitRemoved(),
            new StatisticsTile(),
            new FlushManifest(),
            new ApplyFlush(),
            new DiscardFlush(),
            new TakeAway(),
            new ForgetFit(),
            new Cut(),
            new LayerTile(),
            new LayerTargets(),
            new LayerComplete(),
            new LayerFailed(),
            new RouterPart(),
            new RouterVersion(),
            new CutRefused(),
            new DeadLetter())
        .forEach(Wire::register);
  }

  private Wire() {}

  private static void register(SpecificRecord prototype) {
    Schema schema = prototype.getSchema();
    Type type =
        new Type(prototype.getClass(), schema, SchemaNormalization.parsingFingerprint64(schema));
    BY_CLASS.put(type.javaClass(), type);
    BY_FINGERPRINT.put(type.fingerprint(), type);
  }

  /**
   * Encodes a message.
   *
   * @param message any record type of the schemas that travels by itself
   * @return marker, fingerprint and body
   * @throws IllegalArgumentException if the type never travels by itself
   */
  public static byte[] encode(SpecificRecord message) {
    Type type = BY_CLASS.get(message.getClass());
    if (type == null) {
      throw new IllegalArgumentException(
          message.getClass().getSimpleName() + " is not a message of its own");
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream(256);
    out.writeBytes(MARKER);
    out.writeBytes(
        ByteBuffer.allocate(Long.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(type.fingerprint())
            .array());
    try {
      BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(out, null);
      new SpecificDatumWriter<SpecificRecord>(type.schema()).write(message, encoder);
      encoder.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory failed", e);
    }
    return out.toByteArray();
  }

  /**
   * Decodes any message.
   *
   * @param bytes what a topic held; an empty array where it held a tombstone
   * @return the message; which one, its class tells
   * @throws MalformedMessageException if the bytes are no message of these schemas, are truncated,
   *     have trailing bytes, or claim sizes that they do not have
   */
  public static SpecificRecord decode(byte[] bytes) throws MalformedMessageException {
    if (bytes.length < HEADER_BYTES || bytes[0] != MARKER[0] || bytes[1] != MARKER[1]) {
      throw new MalformedMessageException(
          "not an Avro single-object message (" + bytes.length + " bytes, no marker C3 01)");
    }
    long fingerprint = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(2);
    Type type = BY_FINGERPRINT.get(fingerprint);
    if (type == null) {
      throw new MalformedMessageException(
          "unknown schema fingerprint %016x: written by another version or another system"
              .formatted(fingerprint));
    }
    BinaryDecoder body =
        DecoderFactory.get().binaryDecoder(bytes, HEADER_BYTES, bytes.length - HEADER_BYTES, null);
    BoundedDecoder bounded = new BoundedDecoder(body, bytes.length - HEADER_BYTES);
    try {
      SpecificRecord message =
          new SpecificDatumReader<SpecificRecord>(type.schema()).read(null, bounded);
      if (!body.isEnd()) {
        throw new MalformedMessageException(
            "bytes left over after a " + type.javaClass().getSimpleName());
      }
      return message;
    } catch (IOException | RuntimeException e) {
      // Avro has an exception of its own for many kinds of nonsense, UnsupportedOperationException
      // for huge arrays among them; whatever it is, the bytes are to blame.
      throw new MalformedMessageException(
          "a broken " + type.javaClass().getSimpleName() + ": " + e.getMessage(), e);
    }
  }

  /**
   * Decodes a message of one type.
   *
   * @param bytes what a topic held
   * @param expected the type that the topic is for
   * @param <T> the type that the topic is for
   * @return the message
   * @throws MalformedMessageException also if it is another type's message
   */
  public static <T extends SpecificRecord> T decode(byte[] bytes, Class<T> expected)
      throws MalformedMessageException {
    SpecificRecord message = decode(bytes);
    if (!expected.isInstance(message)) {
      throw new MalformedMessageException(
          "a %s where a %s belongs"
              .formatted(message.getClass().getSimpleName(), expected.getSimpleName()));
    }
    return expected.cast(message);
  }
}
