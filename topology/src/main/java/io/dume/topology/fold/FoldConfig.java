package io.dume.topology.fold;

import java.time.Duration;

/**
 * What the fold is told.
 *
 * @param statisticsPartitions the partitions of partial-statistics, which never change; at least 1
 * @param strayAge how long staged tiles wait for an order about their flush, in the time of the
 *     orders: while the sequencer stands still, nothing grows old. Longer than the longest producer
 *     transaction of a worker and than workers' clocks differ.
 */
public record FoldConfig(int statisticsPartitions, Duration strayAge) {
  public FoldConfig {
    if (statisticsPartitions < 1) {
      throw new IllegalArgumentException(
          "partitions of partial-statistics: %d; at least 1".formatted(statisticsPartitions));
    }
    if (strayAge.compareTo(Duration.ofSeconds(1)) < 0) {
      throw new IllegalArgumentException(
          "stray.age of %s: choose at least a second; an hour is the default".formatted(strayAge));
    }
  }

  /**
   * The usual configuration.
   *
   * @param statisticsPartitions the partitions of partial-statistics
   * @return tiles may stray for an hour
   */
  public static FoldConfig of(int statisticsPartitions) {
    return new FoldConfig(statisticsPartitions, Duration.ofHours(1));
  }
}
