package io.dume.schemas.kafka;

import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.Header;
import io.dume.schemas.wire.MessageFormat;
import io.dume.schemas.wire.Wire;
import java.nio.Buffer;
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

  /** The longest text of ours in a message, in characters, with the note that it was longer. */
  private static final int MAX_TEXT = 4096;

  private static final int NOTE = 32;

  private DeadLetters() {}

  /**
   * A text for people, short enough for every message. Reasons quote what others wrote, and that
   * may be long.
   *
   * @param text any text
   * @return it, or its beginning with a note of its length; at most 4,096 characters
   */
  public static String brief(String text) {
    if (text.length() <= MAX_TEXT) {
      return text;
    }
    int end = MAX_TEXT - NOTE;
    if (Character.isHighSurrogate(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(0, end) + "... (%d characters)".formatted(text.length());
  }

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
                new Header(
                    brief(h.key()), ByteBuffer.wrap(h.value() == null ? new byte[0] : h.value()))));
    return new DeadLetter(
        brief(reason),
        brief(detail),
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
   * a message together with its reason is left out, and the detail says where it still stands. So
   * is what follows the first {@linkplain #brief part} of a long reason or detail.
   *
   * @param letter a dead letter
   * @return an encoded message of at most {@link Topics#MAX_MESSAGE_BYTES}
   */
  public static byte[] encode(DeadLetter letter) {
    return Wire.encode(fitting(letter));
  }

  /**
   * A dead letter in the format of an installation, otherwise as {@link #encode(DeadLetter)}.
   *
   * @param format the format of the topic
   * @param topics the installation
   * @param letter a dead letter
   * @return an encoded message of at most {@link Topics#MAX_MESSAGE_BYTES}
   */
  public static byte[] encode(MessageFormat format, Topics topics, DeadLetter letter) {
    return format.encode(topics.deadLetters(), fitting(letter));
  }

  private static DeadLetter fitting(DeadLetter letter) {
    // Before it is written: what does not fit may be as large as the memory that is left.
    long bytes = bytes(letter);
    if (bytes <= Topics.MAX_MESSAGE_BYTES - ENVELOPE_BYTES) {
      return with(letter, "", letter.getKey(), letter.getValue(), letter.getHeaders());
    }
    String where =
        " (%d bytes: too large to be copied here, see partition %d, offset %d of %s)"
            .formatted(bytes, letter.getPartition(), letter.getOffset(), letter.getTopic());
    return with(letter, where, Optional.empty(), Optional.empty(), List.of());
  }

  private static DeadLetter with(
      DeadLetter letter,
      String where,
      Optional<ByteBuffer> key,
      Optional<ByteBuffer> value,
      List<Header> headers) {
    return new DeadLetter(
        brief(letter.getReason()),
        brief(letter.getDetail()) + where,
        letter.getService(),
        letter.getTopic(),
        letter.getPartition(),
        letter.getOffset(),
        letter.getTimestamp(),
        key.orElse(null),
        value.orElse(null),
        headers,
        letter.getSetAsideAt());
  }

  /** What the record takes in a message; its envelope has room for everything else. */
  private static long bytes(DeadLetter letter) {
    long bytes =
        letter.getKey().map(Buffer::remaining).orElse(0)
            + (long) letter.getValue().map(Buffer::remaining).orElse(0);
    for (Header header : letter.getHeaders()) {
      // A character of the key takes at most three bytes, and each length at most five.
      bytes += header.getValue().remaining() + 3L * header.getKey().length() + 10;
    }
    return bytes;
  }
}
