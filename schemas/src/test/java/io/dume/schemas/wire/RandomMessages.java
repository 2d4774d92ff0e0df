package io.dume.schemas.wire;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericFixed;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;

/** A message of every type, filled at random from a seed. */
final class RandomMessages {
  /** All types that travel by themselves. */
  static final List<Schema> TYPES = Wire.TYPES.schemas();

  private static final int MOST_ITEMS = 4;

  private RandomMessages() {}

  static SpecificRecord of(int type, Random random) {
    return of(TYPES.get(type), random);
  }

  static SpecificRecord of(Schema schema, Random random) {
    return (SpecificRecord) value(schema, random);
  }

  private static SpecificRecord fill(SpecificRecord record, Random random) {
    for (Schema.Field field : record.getSchema().getFields()) {
      record.put(field.pos(), value(field.schema(), random));
    }
    return record;
  }

  static Object value(Schema schema, Random random) {
    return switch (schema.getType()) {
      case RECORD ->
          fill(
              (SpecificRecord)
                  SpecificData.newInstance(SpecificData.get().getClass(schema), schema),
              random);
      case ARRAY -> {
        List<Object> items = new ArrayList<>();
        for (int i = random.nextInt(MOST_ITEMS); i > 0; i--) {
          items.add(value(schema.getElementType(), random));
        }
        yield items;
      }
      case UNION -> value(schema.getTypes().get(random.nextInt(2)), random);
      case ENUM -> {
        Object[] constants = SpecificData.get().getClass(schema).getEnumConstants();
        yield constants[random.nextInt(constants.length)];
      }
      case FIXED -> {
        GenericFixed fixed =
            (GenericFixed) SpecificData.newInstance(SpecificData.get().getClass(schema), schema);
        random.nextBytes(fixed.bytes());
        yield fixed;
      }
      case BYTES -> {
        byte[] bytes = new byte[random.nextInt(40)];
        random.nextBytes(bytes);
        yield ByteBuffer.wrap(bytes);
      }
      case STRING ->
          random
              .ints(random.nextInt(12), 0, 0x800)
              .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
              .toString();
      case INT -> random.nextInt() >> random.nextInt(32);
      case LONG ->
          schema.getLogicalType() instanceof LogicalTypes.TimestampMillis
              ? Instant.ofEpochMilli(random.nextInt())
              : (Object) (random.nextLong() >> random.nextInt(64));
      case DOUBLE -> random.nextGaussian();
      case BOOLEAN -> random.nextBoolean();
      case NULL -> null;
      case FLOAT, MAP -> throw new AssertionError("no message has a " + schema.getType());
    };
  }
}
