package io.dume.solver;

import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.Cut;
import io.dume.schemas.wire.MalformedMessageException;
import io.dume.schemas.wire.Wire;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Messages of records. A broker measures compressed batches, so a record can be far larger than its
 * topic allows; what decoding it would allocate is larger still, so that is not tried.
 */
final class Received {
  private Received() {}

  /**
   * The message of any topic.
   *
   * @throws MalformedMessageException if it is none, or larger than any topic allows
   */
  static SpecificRecord message(ConsumerRecord<byte[], byte[]> record)
      throws MalformedMessageException {
    return Wire.decode(value(record, Topics.MAX_MESSAGE_BYTES));
  }

  /**
   * A record of the cuts.
   *
   * @throws MalformedMessageException if it is none, or larger than its topic allows
   */
  static Cut cut(ConsumerRecord<byte[], byte[]> record) throws MalformedMessageException {
    return Wire.decode(value(record, Topics.MAX_CUT_BYTES), Cut.class);
  }

  private static byte[] value(ConsumerRecord<byte[], byte[]> record, int most)
      throws MalformedMessageException {
    byte[] value = record.value() == null ? new byte[0] : record.value();
    if (value.length > most) {
      throw new MalformedMessageException(
          "%d bytes where at most %d are allowed".formatted(value.length, most));
    }
    return value;
  }
}
