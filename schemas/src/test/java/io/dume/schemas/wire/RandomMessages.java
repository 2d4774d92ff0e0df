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
import io.dume.schemas.message.RouterPart;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.message.SolveProfileFixed;
import io.dume.schemas.message.StatisticsTile;
import io.dume.schemas.message.TakeAway;
import io.dume.schemas.message.TokenBatch;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericFixed;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;

/** A message of every type, filled at random from a seed. */
final class RandomMessages {
  /** All types that travel by themselves. */
  static final List<Supplier<SpecificRecord>> TYPES =
      List.of(
          TokenBatch::new,
          FitCreated::new,
          SolveProfileFixed::new,
          ExpertsChanged::new,
          CutRequested::new,
          FitFailed::new,
          FitPromoted::new,
          FitRemoved::new,
          StatisticsTile::new,
          FlushManifest::new,
          ApplyFlush::new,
          DiscardFlush::new,
          TakeAway::new,
          ForgetFit::new,
          Cut::new,
          LayerTile::new,
          LayerTargets::new,
          LayerComplete::new,
          LayerFailed::new,
          RouterPart::new,
          RouterVersion::new,
          CutRefused::new,
          DeadLetter::new);

  private static final int MOST_ITEMS = 4;

  private RandomMessages() {}

  static SpecificRecord of(int type, Random random) {
    return fill(TYPES.get(type).get(), random);
  }

  private static SpecificRecord fill(SpecificRecord record, Random random) {
    for (Schema.Field field : record.getSchema().getFields()) {
      record.put(field.pos(), value(field.schema(), random));
    }
    return record;
  }

  private static Object value(Schema schema, Random random) {
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
