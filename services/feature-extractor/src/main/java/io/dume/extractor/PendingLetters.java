package io.dume.extractor;

import io.dume.schemas.kafka.DeadLetters;
import io.dume.schemas.message.DeadLetter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Dead letters that go out with the next flush. Bounded: when full, flush. Not thread-safe. */
final class PendingLetters {
  static final String SERVICE = "feature-extractor";
  static final int MAX_LETTERS = 10_000;
  static final int MAX_BYTES = 32 * 1024 * 1024;

  private final Function<DeadLetter, byte[]> encoding;
  private final List<byte[]> letters = new ArrayList<>();
  private long bytes;

  PendingLetters(Function<DeadLetter, byte[]> encoding) {
    this.encoding = encoding;
  }

  void add(ConsumerRecord<byte[], byte[]> record, Verdict.Refused refused, Instant now) {
    String reason = refused.reason().wire();
    byte[] letter = encoding.apply(DeadLetters.of(record, SERVICE, reason, refused.detail(), now));
    letters.add(letter);
    bytes += letter.length;
  }

  boolean full() {
    return letters.size() >= MAX_LETTERS || bytes >= MAX_BYTES;
  }

  List<byte[]> letters() {
    return letters;
  }

  void clear() {
    letters.clear();
    bytes = 0;
  }
}
