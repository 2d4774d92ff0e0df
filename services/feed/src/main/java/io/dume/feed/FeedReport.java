package io.dume.feed;

import java.util.List;
import java.util.Map;

/**
 * What a feed did. Everything that it counts as sent has been acknowledged.
 *
 * @param total the figures
 * @param tokensByDomain tokens sent
 * @param listed the first of the documents that were set aside, at most {@value #MAX_LISTED}
 * @param positions for each partition of token-batches that got something, the position after the
 *     last of it: what a cut of all this must have reached
 */
public record FeedReport(
    FeedProgress total,
    Map<String, Long> tokensByDomain,
    List<SetAsideDocument> listed,
    Map<Integer, Long> positions) {
  /** How many documents that were set aside are listed. */
  public static final int MAX_LISTED = 1000;

  public FeedReport {
    tokensByDomain = Map.copyOf(tokensByDomain);
    listed = List.copyOf(listed);
    positions = Map.copyOf(positions);
  }
}
