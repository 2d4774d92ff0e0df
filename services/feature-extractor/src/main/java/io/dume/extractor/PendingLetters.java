package io.dume.extractor;

import io.dume.schemas.kafka.DeadLetters;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.wire.Wire;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Dead letters that go out with the next flush. Bounded: when full, flush. Not thread-safe. */
final class PendingLetters {
  static final String SERVICE = "feature-extractor";
  static final int MAX_LETTERS = 10_000;
  static final int MAX_BYTES = 32 * 1024 * 1024;

  /** Room for what the broker puts around a message of the largest size. */
  private static final int LARGEST_LETTER = Topics.MAX_MESSAGE_BYTES - 64 * 1024;

  private final List<byte[]> letters = new ArrayList<>();
  private long bytes;

  void add(ConsumerRecord<byte[], byte[]> record, Verdict.Refused refused, Instant now) {
    byte[] letter = encode(record, refused, now.truncatedTo(ChronoUnit.MILLIS));
    letters.add(letter);
    bytes += letter.length;
  }

  private static byte[] encode(
      ConsumerRecord<byte[], byte[]> record, Verdict.Refused refused, Instant now) {
    String reason = refused.reason().wire();
    DeadLetter whole = DeadLetters.of(record, SERVICE, reason, refused.detail(), now);
    byte[] letter = Wire.encode(whole);
    if (letter.length <= LARGEST_LETTER) {
      return letter;
    }
    // With its envelope it is larger than any message may be. It stays where it is, for good.
    return Wire.encode(
        new DeadLetter(
            reason,
            "%s (the record is too large for a dead letter; read it at %s, partition %d, offset %d)"
                .formatted(refused.detail(), record.topic(), record.partition(), record.offset()),
            SERVICE,
            whole.getTopic(),
            whole.getPartition(),
            whole.getOffset(),
            whole.getTimestamp(),
            smallKey(whole.getKey()).orElse(null),
            null,
            List.of(),
            now));
  }

  private static Optional<ByteBuffer> smallKey(Optional<ByteBuffer> key) {
    return key.filter(k -> k.remaining() <= 1024);
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
