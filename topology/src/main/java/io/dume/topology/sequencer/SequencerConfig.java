package io.dume.topology.sequencer;

import java.time.Duration;

/**
 * What the sequencer is told.
 *
 * @param statisticsPartitions the partitions of partial-statistics, which never change; at least 1
 * @param cuts when to cut without being asked
 * @param patience how long a manifest may wait for the control record that explains it. The two
 *     topics have no order between them, so a manifest can be read before the record that creates
 *     its fit or names its domain.
 */
public record SequencerConfig(int statisticsPartitions, CutPolicy cuts, Duration patience) {
  public SequencerConfig {
    if (statisticsPartitions < 1) {
      throw new IllegalArgumentException(
          "partitions of partial-statistics: %d; at least 1".formatted(statisticsPartitions));
    }
    if (patience.isNegative()) {
      throw new IllegalArgumentException("patience of %s: choose zero or more".formatted(patience));
    }
  }

  /**
   * The usual patience, half a minute.
   *
   * @param statisticsPartitions the partitions of partial-statistics
   * @param cuts when to cut without being asked
   * @return the configuration
   */
  public static SequencerConfig of(int statisticsPartitions, CutPolicy cuts) {
    return new SequencerConfig(statisticsPartitions, cuts, Duration.ofSeconds(30));
  }
}
