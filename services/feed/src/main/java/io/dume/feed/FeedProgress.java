package io.dume.feed;

import java.time.Duration;

/**
 * How far a feed is.
 *
 * @param documents sent
 * @param records sent
 * @param tokens sent
 * @param setAside documents
 * @param elapsed since the start
 */
public record FeedProgress(
    long documents, long records, long tokens, long setAside, Duration elapsed) {
  /** {@return documents sent in a second, on average} */
  public double documentsPerSecond() {
    return perSecond(documents);
  }

  /** {@return tokens sent in a second, on average} */
  public double tokensPerSecond() {
    return perSecond(tokens);
  }

  private double perSecond(long count) {
    return count * 1000.0 / Math.max(1, elapsed.toMillis());
  }
}
