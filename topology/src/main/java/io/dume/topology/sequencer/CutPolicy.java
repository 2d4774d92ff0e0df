package io.dume.topology.sequencer;

import java.time.Duration;

/**
 * When a cut is made without anybody asking for it. Only new data leads to one, and only while
 * every expert of the list has tokens.
 *
 * @param tokens new tokens that lead to a cut at once, at least 1
 * @param interval the longest that new data waits for a cut
 */
public record CutPolicy(long tokens, Duration interval) {
  /** A version at least every half minute while data comes. */
  public static final CutPolicy DEFAULT = new CutPolicy(200_000, Duration.ofSeconds(30));

  /** No cut but those that are asked for. */
  public static final CutPolicy ON_DEMAND = new CutPolicy(Long.MAX_VALUE, Duration.ofDays(36_500));

  public CutPolicy {
    if (tokens < 1) {
      throw new IllegalArgumentException("cut.tokens of %d: choose at least 1".formatted(tokens));
    }
    if (interval.isNegative() || interval.isZero()) {
      throw new IllegalArgumentException(
          "cut.interval of %s: choose more than nothing".formatted(interval));
    }
  }
}
