package io.dume.cli;

import io.dume.schemas.kafka.Topics;
import picocli.CommandLine.Option;

/** How many partitions the parallel topics get when they are created; that never changes later. */
final class PartitionOptions {

  @Option(
      names = "--token-partitions",
      paramLabel = "N",
      defaultValue = "8",
      description =
          "Partitions of token-batches when it is created: the most feature extractors that can share"
              + " the work. Default: ${DEFAULT-VALUE}.")
  private int tokenBatches;

  @Option(
      names = "--statistics-partitions",
      paramLabel = "N",
      defaultValue = "4",
      description =
          "Partitions of partial-statistics when it is created: the most tasks that fold. Default:"
              + " ${DEFAULT-VALUE}.")
  private int statistics;

  Topics.Partitions partitions() {
    return new Topics.Partitions(tokenBatches, statistics);
  }
}
