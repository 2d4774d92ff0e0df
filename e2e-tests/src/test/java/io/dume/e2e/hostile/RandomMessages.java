package io.dume.e2e.hostile;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;

/** Messages of any schema with random values, edges among them. Not thread-safe. */
final class RandomMessages {
  private static final int[] INTS = {
    0, 1, 2, -1, 48, 256, 4096, Short.MAX_VALUE + 1, Integer.MAX_VALUE, Integer.MIN_VALUE
  };
  private static final long[] LONGS = {
    0, 1, 2, -1, 1L << 31, 1L << 53, 1L << 62, Long.MAX_VALUE, Long.MIN_VALUE
  };
  private static final double[] DOUBLES = {
    0, -1, 0.01, Double.NaN, Double.POSITIVE_INFINITY, Double.MIN_VALUE, -Double.MAX_VALUE
  };
  private static final String[] STRINGS = {
    "", "e0", "e1", "default", "ejml", "mlp-input", "\u0000", "%s%n%d", "é\uD83D\uDE00", "../../.."
  };

  private final Random random;

  RandomMessages(Random random) {
    this.random = random;
  }

  /**
   * A message on the wire.
   *
   * @param schema of today or of another time
   * @param fixed values of some of its fields, which are not random; others are ignored
   */
  byte[] message(Schema schema, Map<String, ?> fixed) {
    GenericData.Record message = new GenericData.Record(schema);
    for (Schema.Field field : schema.getFields()) {
      Object value = fixed.get(field.name());
      message.put(field.pos(), value == null ? value(field.schema()) : value);
    }
    return encode(schema, message);
  }

  static byte[] header(Schema schema) {
    return ByteBuffer.allocate(10)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put((byte) 0xC3)
        .put((byte) 1)
        .putLong(SchemaNormalization.parsingFingerprint64(schema))
        .array();
  }

  private static byte[] encode(Schema schema, GenericData.Record message) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(header(schema));
    try {
      BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(out, null);
      new GenericDatumWriter<>(schema).write(message, encoder);
      encoder.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  /** An id, for a field of that type. */
  GenericData.Fixed id(Schema schema, byte[] bytes) {
    return new GenericData.Fixed(schema, bytes);
  }

  byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  /** A long string now and then, up to beyond what is allowed. */
  String string() {
    return switch (random.nextInt(40)) {
      case 0 -> "x".repeat(random.nextInt(70_000));
      case 1, 2 -> "y".repeat(random.nextInt(5_000));
      case 3, 4, 5, 6, 7, 8, 9 -> STRINGS[random.nextInt(STRINGS.length)];
      default -> "stranger-" + Integer.toHexString(random.nextInt());
    };
  }

  private int items() {
    return random.nextInt(20) == 0 ? random.nextInt(300) : random.nextInt(4);
  }

  private Object value(Schema schema) {
    return switch (schema.getType()) {
      case RECORD -> {
        GenericData.Record value = new GenericData.Record(schema);
        schema.getFields().forEach(f -> value.put(f.pos(), value(f.schema())));
        yield value;
      }
      case FIXED -> new GenericData.Fixed(schema, bytes(schema.getFixedSize()));
      case ENUM -> {
        List<String> symbols = schema.getEnumSymbols();
        yield new GenericData.EnumSymbol(schema, symbols.get(random.nextInt(symbols.size())));
      }
      case ARRAY -> {
        List<Object> values = new ArrayList<>();
        for (int left = items(); left > 0; left--) {
          values.add(value(schema.getElementType()));
        }
        yield values;
      }
      case UNION -> value(schema.getTypes().get(random.nextInt(schema.getTypes().size())));
      case STRING -> string();
      case BYTES -> ByteBuffer.wrap(bytes(random.nextInt(600)));
      case INT -> random.nextBoolean() ? INTS[random.nextInt(INTS.length)] : random.nextInt();
      case LONG -> random.nextBoolean() ? LONGS[random.nextInt(LONGS.length)] : random.nextLong();
      case DOUBLE ->
          random.nextBoolean() ? DOUBLES[random.nextInt(DOUBLES.length)] : random.nextGaussian();
      case BOOLEAN -> random.nextBoolean();
      case NULL -> null;
      default -> throw new IllegalArgumentException("no message has a " + schema.getType());
    };
  }
}
