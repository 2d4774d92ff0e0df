package io.dume.solver;

import io.dume.schemas.kafka.DeadLetters;
import io.dume.schemas.message.DeadLetter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
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
    letters.add(DeadLetters.of(record, SERVICE, "malformed-message", problem, now));
    bytes +=
        ENVELOPE_BYTES
            + Math.max(0, record.serializedKeySize())
            + Math.max(0, record.serializedValueSize());
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
