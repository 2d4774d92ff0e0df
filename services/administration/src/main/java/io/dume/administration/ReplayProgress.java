package io.dume.administration;

import java.time.Duration;
import java.util.Optional;

/**
 * How far a replay is, in positions of token-batches: records, and whatever else takes an offset.
 *
 * @param counted positions that flushes cover
 * @param total positions from the replay's start to the head, which moves while data comes
 * @param left how long it will take at the pace of this run; nothing while that is unknown
 */
public record ReplayProgress(long counted, long total, Optional<Duration> left) {
  /** {@return positions that are still to come} */
  public long behind() {
    return Math.max(0, total - counted);
  }
}
