package io.dume.e2e.hostile;

import io.dume.schemas.kafka.Topics;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.kafka.clients.producer.ProducerRecord;

/** A few large records for each topic. Not thread-safe. */
final class LargeRecords {
  private final RandomMessages messages;

  LargeRecords(RandomMessages messages) {
    this.messages = messages;
  }

  /** The largest that topics take, larger ones, and bombs: small only while they are compressed. */
  List<HostileRecord> all() {
    List<HostileRecord> large = new ArrayList<>();
    for (String topic : Messages.BY_TOPIC.keySet()) {
      int most =
          topic.equals(Messages.TOPICS.control())
              ? Topics.MAX_CONTROL_BYTES
              : topic.equals(Messages.TOPICS.cuts())
                  ? Topics.MAX_CUT_BYTES
                  : Topics.MAX_MESSAGE_BYTES;
      byte[] key = messages.bytes(32);
      int partition = 0;
      large.add(
          new HostileRecord(
              "as large as can be",
              new ProducerRecord<>(topic, partition, key, messages.bytes(most - 1024))));
      boolean first = topic.equals(Messages.TOPICS.tokenBatches());
      for (String codec : first ? List.of("gzip", "zstd", "lz4") : List.of("gzip")) {
        large.add(
            new HostileRecord(
                    "bomb",
                    new ProducerRecord<>(topic, partition, key, claiming(topic, most - 4096)))
                .compressed(codec));
      }
      if (first || most < Topics.MAX_MESSAGE_BYTES) {
        large.add(
            new HostileRecord(
                    "bomb beyond the limit",
                    new ProducerRecord<>(topic, partition, key, new byte[2 * most]))
                .compressed("gzip")
                .refusedByBroker());
      }
      large.addAll(manyItems(topic, most - 4096));
    }
    return large;
  }

  /**
   * Arrays of as many items as there is room for, each of them all zeros: a byte or two that would
   * be an object or two.
   */
  private static List<HostileRecord> manyItems(String topic, int length) {
    List<HostileRecord> records = new ArrayList<>();
    for (Schema schema : Messages.BY_TOPIC.get(topic)) {
      int before = 0;
      for (Schema.Field field : schema.getFields()) {
        if (field.schema().getType() == Schema.Type.ARRAY) {
          byte[] value = Arrays.copyOf(RandomMessages.header(schema), length);
          int item = zeros(field.schema().getElementType());
          int after = schema.getFields().size() * 16;
          long items = (length - 10 - before - 10 - after) / item;
          ByteBuffer at = ByteBuffer.wrap(value).position(10 + before);
          for (long left = items << 1; left != 0; left >>>= 7) {
            at.put((byte) (left & 0x7f | (left > 0x7f ? 0x80 : 0)));
          }
          int end = at.position() + Math.toIntExact(items * item) + 1;
          int rest =
              schema.getFields().subList(field.pos() + 1, schema.getFields().size()).stream()
                  .mapToInt(f -> zeros(f.schema()))
                  .sum();
          records.add(
              new HostileRecord(
                      "%d empty %s".formatted(items, field.name()),
                      new ProducerRecord<>(
                          topic, 0, new byte[16], Arrays.copyOf(value, end + rest)))
                  .compressed("gzip"));
          break;
        }
        before += zeros(field.schema());
      }
    }
    return records;
  }

  /** How many bytes of zeros are a value. */
  private static int zeros(Schema schema) {
    return switch (schema.getType()) {
      case RECORD -> schema.getFields().stream().mapToInt(f -> zeros(f.schema())).sum();
      case FIXED -> schema.getFixedSize();
      case DOUBLE -> Double.BYTES;
      default -> 1;
    };
  }

  /** A right header and nothing but zeros, each of which is an empty something. */
  private byte[] claiming(String topic, int length) {
    byte[] header =
        Messages.BY_TOPIC.get(topic).isEmpty()
            ? new byte[0]
            : RandomMessages.header(Messages.BY_TOPIC.get(topic).get(0));
    return Arrays.copyOf(header, length);
  }
}
