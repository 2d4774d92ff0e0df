package io.dume.solver;

import io.dume.schemas.kafka.DeadLetters;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.DeadLetter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records on their way to dead-letters. There is no bound on how much junk can stand between two
 * layers of a cut, so what has gathered must be published when this is {@link #full}. Not
 * thread-safe.
 */
final class SetAside {
  private static final Logger LOG = LoggerFactory.getLogger(SetAside.class);
  private static final String SERVICE = "solver";
  private static final String REASON = "malformed-message";

  /** What a letter takes beside the record's own bytes, roughly. */
  private static final int ENVELOPE_BYTES = 1024;

  private final long capacity;
  private final List<DeadLetter> letters = new ArrayList<>();
  private long bytes;

  /**
   * @param capacity how many bytes make it full
   */
  SetAside(long capacity) {
    this.capacity = capacity;
  }

  void add(ConsumerRecord<byte[], byte[]> record, String problem, Instant now) {
    LOG.warn(
        "{} partition {} offset {} set aside: {}",
        record.topic(),
        record.partition(),
        record.offset(),
        problem);
    long size = size(record);
    if (size > Topics.MAX_MESSAGE_BYTES) {
      // No message has room for it: the letter says where it stands.
      letters.add(
          DeadLetters.of(
              new TopicPartition(record.topic(), record.partition()),
              record.offset(),
              record.timestamp(),
              Optional.empty(),
              Optional.empty(),
              new RecordHeaders(),
              SERVICE,
              REASON,
              "%s (%d bytes: too large to be copied here)".formatted(problem, size),
              now));
      bytes += ENVELOPE_BYTES;
      return;
    }
    letters.add(DeadLetters.of(record, SERVICE, REASON, problem, now));
    bytes += ENVELOPE_BYTES + size;
  }

  private static long size(ConsumerRecord<byte[], byte[]> record) {
    long size =
        Math.max(0, record.serializedKeySize()) + (long) Math.max(0, record.serializedValueSize());
    for (Header header : record.headers()) {
      size += header.key().length() + (header.value() == null ? 0 : header.value().length);
    }
    return size;
  }

  boolean full() {
    return bytes >= capacity;
  }

  boolean isEmpty() {
    return letters.isEmpty();
  }

  List<DeadLetter> letters() {
    return List.copyOf(letters);
  }

  void clear() {
    letters.clear();
    bytes = 0;
  }
}
