package io.dume.feed;

import java.time.Duration;
import java.util.OptionalDouble;

/**
 * How long to wait so that no more tokens than allowed are sent in a second, counted from the
 * start.
 *
 * @param tokensPerSecond the most on average, or nothing for no limit
 */
record Pace(OptionalDouble tokensPerSecond) {
  /**
   * What to wait before more is sent.
   *
   * @param tokens sent so far
   * @param elapsed since the start
   */
  Duration wait(long tokens, Duration elapsed) {
    if (tokensPerSecond.isEmpty()) {
      return Duration.ZERO;
    }
    double due = tokens / tokensPerSecond.getAsDouble();
    Duration wait = Duration.ofNanos((long) Math.min(due * 1e9, 1e18)).minus(elapsed);
    return wait.isNegative() ? Duration.ZERO : wait;
  }
}
