package io.dume.schemas.kafka;

import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.Header;
import io.dume.schemas.wire.Wire;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Headers;

/** Makes dead letters: the record whole, with reason and coordinates. */
public final class DeadLetters {
  /** Room for everything in a message beside a dead letter's value. */
  private static final int ENVELOPE_BYTES = 64 * 1024;

  private DeadLetters() {}

  /**
   * A dead letter of a consumed record.
   *
   * @param record the record as it was read
   * @param service who sets it aside, as in "feature-extractor"
   * @param reason short and stable, as in "unknown-domain"
   * @param detail for people: the field, the value and the remedy
   * @param now when it is set aside
   * @return the message
   */
  public static DeadLetter of(
      ConsumerRecord<byte[], byte[]> record,
      String service,
      String reason,
      String detail,
      Instant now) {
    return of(
        new TopicPartition(record.topic(), record.partition()),
        record.offset(),
        record.timestamp(),
        Optional.ofNullable(record.key()),
        Optional.ofNullable(record.value()),
        record.headers(),
        service,
        reason,
        detail,
        now);
  }

  /**
   * A dead letter of a record that is at hand in pieces.
   *
   * @param partition where it was read
   * @param offset its offset there
   * @param timestamp its timestamp, in milliseconds
   * @param key its key, or nothing
   * @param value its value, or nothing, also where a reference to the record is enough
   * @param headers its headers
   * @param service who sets it aside, as in "sequencer"
   * @param reason short and stable, as in "unknown-domain"
   * @param detail for people: the field, the value and the remedy
   * @param now when it is set aside
   * @return the message
   */
  public static DeadLetter of(
      TopicPartition partition,
      long offset,
      long timestamp,
      Optional<byte[]> key,
      Optional<byte[]> value,
      Headers headers,
      String service,
      String reason,
      String detail,
      Instant now) {
    List<Header> copies = new ArrayList<>();
    headers.forEach(
        h ->
            copies.add(
                new Header(h.key(), ByteBuffer.wrap(h.value() == null ? new byte[0] : h.value()))));
    return new DeadLetter(
        reason,
        detail,
        service,
        partition.topic(),
        partition.partition(),
        offset,
        Instant.ofEpochMilli(timestamp),
        key.map(ByteBuffer::wrap).orElse(null),
        value.map(ByteBuffer::wrap).orElse(null),
        copies,
        now.truncatedTo(ChronoUnit.MILLIS));
  }

  /**
   * A dead letter as a message that every topic takes. A record so large that it does not fit into
   * a message together with its reason is left out, and the detail says where it still stands.
   *
   * @param letter a dead letter
   * @return an encoded message of at most {@link Topics#MAX_MESSAGE_BYTES}
   */
  public static byte[] encode(DeadLetter letter) {
    byte[] whole = Wire.encode(letter);
    if (whole.length <= Topics.MAX_MESSAGE_BYTES - ENVELOPE_BYTES) {
      return whole;
    }
    return Wire.encode(
        new DeadLetter(
            letter.getReason(),
            letter.getDetail()
                + " (%d bytes: too large to be copied here, see partition %d, offset %d of %s)"
                    .formatted(
                        whole.length, letter.getPartition(), letter.getOffset(), letter.getTopic()),
            letter.getService(),
            letter.getTopic(),
            letter.getPartition(),
            letter.getOffset(),
            letter.getTimestamp(),
            null,
            null,
            List.of(),
            letter.getSetAsideAt()));
  }
}
