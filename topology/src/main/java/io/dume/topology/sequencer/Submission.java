package io.dume.topology.sequencer;

import io.dume.schemas.kafka.DeadLetters;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.FlushManifest;
import java.nio.Buffer;
import java.time.Instant;

/**
 * A manifest, and the record that brought it.
 *
 * @param manifest the manifest
 * @param letter the record as a dead letter whose reason is still to be filled in
 */
public record Submission(FlushManifest manifest, DeadLetter letter) {
  DeadLetter refused(String reason, String detail, Instant now) {
    return new DeadLetter(
        DeadLetters.brief(reason),
        DeadLetters.brief(detail),
        letter.getService(),
        letter.getTopic(),
        letter.getPartition(),
        letter.getOffset(),
        letter.getTimestamp(),
        letter.getKey().orElse(null),
        letter.getValue().orElse(null),
        letter.getHeaders(),
        now);
  }

  long timestamp() {
    return letter.getTimestamp().toEpochMilli();
  }

  long bytes() {
    return letter.getValue().map(Buffer::remaining).orElse(0);
  }
}
