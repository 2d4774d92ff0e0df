package io.dume.extractor;

import java.time.Duration;

/**
 * When a worker publishes what it has. It also does so when its partitions are revoked, when a cut
 * was asked for, and when it stops.
 *
 * <p>A flush sends every tile of every layer for each domain seen, however few tokens there were.
 * For a large model that takes longer than the interval; so that flushing never takes more than a
 * tenth of the time, the interval is stretched to nine times the duration of the last flush.
 *
 * @param interval since the first record that is not flushed yet
 * @param tokens in the records that are not flushed yet
 * @param bytes of accumulators: a record of one more domain flushes first if it would go beyond;
 *     one domain always has room
 */
public record FlushPolicy(Duration interval, long tokens, long bytes) {
  /** Five seconds, four million tokens, one GiB. */
  public static final FlushPolicy DEFAULT =
      new FlushPolicy(Duration.ofSeconds(5), 1L << 22, 1L << 30);

  private static final int LARGEST_STRETCH = 9;

  public FlushPolicy {
    if (interval.isNegative() || interval.isZero()) {
      throw new IllegalArgumentException(
          "flush interval of %s: must be positive; 5 s is the default".formatted(interval));
    }
    if (tokens < 1) {
      throw new IllegalArgumentException("flush tokens of %d: at least 1".formatted(tokens));
    }
    if (bytes < 1) {
      throw new IllegalArgumentException(
          "flush bytes of %d: at least 1; 1073741824 is the default".formatted(bytes));
    }
  }

  /** How long to wait after the first record that is not flushed yet. */
  Duration after(Duration lastFlush) {
    Duration stretched = lastFlush.multipliedBy(LARGEST_STRETCH);
    return stretched.compareTo(interval) > 0 ? stretched : interval;
  }
}
