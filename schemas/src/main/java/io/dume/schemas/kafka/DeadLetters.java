package io.dume.schemas.kafka;

import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.Header;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Makes dead letters: the record whole, with reason and coordinates. */
public final class DeadLetters {
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
    List<Header> headers = new ArrayList<>();
    record
        .headers()
        .forEach(
            h ->
                headers.add(
                    new Header(
                        h.key(), ByteBuffer.wrap(h.value() == null ? new byte[0] : h.value()))));
    return new DeadLetter(
        reason,
        detail,
        service,
        record.topic(),
        record.partition(),
        record.offset(),
        Instant.ofEpochMilli(record.timestamp()),
        record.key() == null ? null : ByteBuffer.wrap(record.key()),
        record.value() == null ? null : ByteBuffer.wrap(record.value()),
        headers,
        now);
  }
}
