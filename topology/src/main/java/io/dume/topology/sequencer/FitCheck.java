package io.dume.topology.sequencer;

import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.statistics.FixedPoint;
import io.dume.schemas.statistics.TileGrid;
import io.dume.schemas.wire.Ids;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** Whether statistics of a fit can be summed at all; anybody can write a fit into the log. */
final class FitCheck {
  private static final int ENVELOPE_BYTES = 1024;
  private static final int MAX_LAYERS = Short.MAX_VALUE;
  private static final int MAX_WIDTH = 1 << 20;

  private static final int MAX_PARTITIONS = 100_000;

  private FitCheck() {}

  /**
   * Looks for what is wrong with a fit.
   *
   * @return the field, the value and the remedy; nothing if all is well
   */
  static Optional<String> problem(Fit fit, int statisticsPartitions) {
    if (!fit.getId().equals(Ids.ofFit(fit))) {
      return Optional.of("its id is not the hash of its settings; let a worker create it");
    }
    if (fit.getLayers() < 1 || fit.getLayers() > MAX_LAYERS) {
      return Optional.of("%d layers; 1 to %d".formatted(fit.getLayers(), MAX_LAYERS));
    }
    if (fit.getWidth() < 1 || fit.getWidth() > MAX_WIDTH) {
      return Optional.of("a hidden size of %d; 1 to %d".formatted(fit.getWidth(), MAX_WIDTH));
    }
    if (fit.getMaxRecordTokens() < 1) {
      return Optional.of(
          "at most %d tokens a record; at least 1".formatted(fit.getMaxRecordTokens()));
    }
    if (fit.getStatisticsPartitions() != statisticsPartitions) {
      return Optional.of(
          "made for %d partitions of partial-statistics where there are %d; that number never changes"
              .formatted(fit.getStatisticsPartitions(), statisticsPartitions));
    }
    if (fit.getStart().size() > MAX_PARTITIONS) {
      return Optional.of(
          "%d start offsets; at most %d".formatted(fit.getStart().size(), MAX_PARTITIONS));
    }
    Set<Integer> partitions = new HashSet<>();
    for (PartitionOffset start : fit.getStart()) {
      if (start.getPartition() < 0
          || start.getOffset() < 0
          || !partitions.add(start.getPartition())) {
        return Optional.of(
            "a start at partition %d, offset %d; each partition once and nothing negative"
                .formatted(start.getPartition(), start.getOffset()));
      }
    }
    if (partitions.isEmpty()) {
      return Optional.of("no start offsets; it needs one for each partition of token-batches");
    }
    return shape(fit);
  }

  private static Optional<String> shape(Fit fit) {
    try {
      TileGrid grid = new TileGrid(fit.getWidth() + 1, fit.getTileSize());
      new FixedPoint(fit.getFractionBits());
      return grid.bytes(0, 0) <= Topics.MAX_MESSAGE_BYTES - ENVELOPE_BYTES
          ? Optional.empty()
          : Optional.of(
              "tiles of %d, which have %d bytes, more than a message takes: use smaller tiles"
                  .formatted(fit.getTileSize(), grid.bytes(0, 0)));
    } catch (IllegalArgumentException e) {
      return Optional.of(e.getMessage());
    }
  }
}
