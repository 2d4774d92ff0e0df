package io.dume.schemas.wire;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
 * Types of messages, written in today's schema and read in every schema that they have had: {@code
 * C3 01}, the little-endian CRC-64-AVRO fingerprint of the writer's schema, the binary body.
 * Immutable and thread-safe.
 */
final class MessageSet {
  static final int HEADER_BYTES = 10;
  private static final byte[] MARKER = {(byte) 0xC3, 0x01};

  record Type(Class<?> javaClass, Schema schema, long fingerprint) {
    String name() {
      return schema.getName();
    }
  }

  /** What a fingerprint stands for: a type in the schema of some version. */
  record Written(Type type, Schema schema) {}

  private final int longestString;
  private final Map<Class<?>, Type> byClass = new LinkedHashMap<>();
  private final Map<String, Type> byName = new HashMap<>();
  private final Map<Long, Written> byFingerprint = new HashMap<>();

  /**
   * @param longestString the longest string that is read, in bytes
   * @param prototypes one message of each type
   * @param history the schemas that these types and others have had
   */
  MessageSet(
      int longestString, List<SpecificRecord> prototypes, List<SchemaHistory.Entry> history) {
    this.longestString = longestString;
    for (SpecificRecord prototype : prototypes) {
      Schema schema = prototype.getSchema();
      Type type = new Type(prototype.getClass(), schema, fingerprint(schema));
      byClass.put(type.javaClass(), type);
      byName.put(schema.getFullName(), type);
      byFingerprint.put(type.fingerprint(), new Written(type, schema));
    }
    for (SchemaHistory.Entry entry : history) {
      Type type = byName.get(entry.schema().getFullName());
      if (type != null) {
        // Where nothing but defaults changed the fingerprint is today's, and so are the bytes.
        byFingerprint.putIfAbsent(fingerprint(entry.schema()), new Written(type, entry.schema()));
      }
    }
  }

  private static long fingerprint(Schema schema) {
    return SchemaNormalization.parsingFingerprint64(schema);
  }

  /** Today's schemas, in the order of the prototypes. */
  List<Schema> schemas() {
    return byClass.values().stream().map(Type::schema).toList();
  }

  byte[] encode(SpecificRecord message) {
    Type type = byClass.get(message.getClass());
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

  SpecificRecord decode(byte[] bytes) throws MalformedMessageException {
    if (bytes.length < HEADER_BYTES || bytes[0] != MARKER[0] || bytes[1] != MARKER[1]) {
      throw new MalformedMessageException(
          "not an Avro single-object message (" + bytes.length + " bytes, no marker C3 01)");
    }
    long fingerprint = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(2);
    Optional<Written> written = Optional.ofNullable(byFingerprint.get(fingerprint));
    if (written.isEmpty()) {
      throw new MalformedMessageException(
          "unknown schema fingerprint %016x: written by a later version or another system"
              .formatted(fingerprint));
    }
    return decode(written.get(), bytes, HEADER_BYTES);
  }

  /** What has this schema, if it is one of the archive, whatever its defaults and comments are. */
  Optional<Written> written(Schema schema) {
    return Optional.ofNullable(byFingerprint.get(fingerprint(schema)));
  }

  /** Today's type of a name. */
  Optional<Type> type(String fullName) {
    return Optional.ofNullable(byName.get(fullName));
  }

  /** Decodes a body that begins at an offset; all of the rest belongs to it. */
  SpecificRecord decode(Written written, byte[] bytes, int offset)
      throws MalformedMessageException {
    Type type = written.type();
    int length = bytes.length - offset;
    BinaryDecoder body = DecoderFactory.get().binaryDecoder(bytes, offset, length, null);
    BoundedDecoder bounded = new BoundedDecoder(body, bytes, length, longestString);
    try {
      SpecificRecord message =
          new SpecificDatumReader<SpecificRecord>(written.schema(), type.schema())
              .read(null, bounded);
      if (!body.isEnd()) {
        throw new MalformedMessageException("bytes left over after a " + type.name());
      }
      return message;
    } catch (IOException | RuntimeException e) {
      // Avro has an exception of its own for many kinds of nonsense, UnsupportedOperationException
      // for huge arrays among them; whatever it is, the bytes are to blame.
      throw new MalformedMessageException("a broken " + type.name() + ": " + e.getMessage(), e);
    } finally {
      // Avro keeps a resolver for each thread and schema, and with it the last decoder.
      bounded.release();
    }
  }

  <T extends SpecificRecord> T decode(byte[] bytes, Class<T> expected)
      throws MalformedMessageException {
    return requireType(decode(bytes), expected);
  }

  static <T extends SpecificRecord> T requireType(SpecificRecord message, Class<T> expected)
      throws MalformedMessageException {
    if (!expected.isInstance(message)) {
      throw new MalformedMessageException(
          "a %s where a %s belongs"
              .formatted(message.getClass().getSimpleName(), expected.getSimpleName()));
    }
    return expected.cast(message);
  }
}
