package io.dume.topology.fold;

import io.dume.schemas.kafka.DeadLetters;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.wire.MalformedMessageException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Optional;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

/**
 * A record as it was read.
 *
 * @param partition topic and partition
 * @param offset its offset
 * @param timestamp its timestamp in epoch milliseconds, not negative
 * @param key its key, or nothing
 * @param value its value, or nothing
 * @param headers its headers
 */
public record Incoming(
    TopicPartition partition,
    long offset,
    long timestamp,
    Optional<byte[]> key,
    Optional<byte[]> value,
    Headers headers) {
  /**
   * The header of an order that holds its time: eight bytes, big-endian, epoch milliseconds. The
   * record's timestamp can't: the topic overwrites it with the time of appending, so that its
   * retention depends on nobody's clock.
   */
  public static final String ORDER_TIME = "order-time";

  /**
   * Refuses what is too large to be decoded: a message may take many times its bytes in memory, and
   * a topic that somebody else created may have another limit than ours.
   *
   * @param bytes the largest value
   * @throws MalformedMessageException if the value is larger
   */
  public void requireAtMost(int bytes) throws MalformedMessageException {
    int size = value.map(v -> v.length).orElse(0);
    if (size > bytes) {
      throw new MalformedMessageException(
          "%d bytes, where a record of %s has at most %d"
              .formatted(size, partition.topic(), bytes));
    }
  }

  /** The time of an order about a flush, which is that of its manifest. */
  long orderTime() {
    Header header = headers.lastHeader(ORDER_TIME);
    boolean written =
        header != null && header.value() != null && header.value().length == Long.BYTES;
    return written ? ByteBuffer.wrap(header.value()).getLong() : timestamp;
  }

  /**
   * This record, whole, as a dead letter.
   *
   * @param service who sets it aside
   * @param reason short and stable
   * @param detail for people
   * @param now when it is set aside
   * @return the message
   */
  public DeadLetter letter(String service, String reason, String detail, Instant now) {
    return DeadLetters.of(
        partition, offset, timestamp, key, value, headers, service, reason, detail, now);
  }
}
