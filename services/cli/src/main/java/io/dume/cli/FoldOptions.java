package io.dume.cli;

import io.dume.accumulator.AccumulatorConfig;
import java.time.Duration;
import picocli.CommandLine.Option;

/** How the accumulator folds. */
final class FoldOptions {

  @Option(
      names = "--fold-threads",
      paramLabel = "N",
      defaultValue = "1",
      description = "Threads that share the partitions of the fold. Default: ${DEFAULT-VALUE}.")
  private int threads;

  @Option(
      names = "--fold-cache",
      paramLabel = "SIZE",
      defaultValue = "64MiB",
      description =
          "Record cache; larger than the sums that change between two commits and the flushes that are"
              + " open. Default: ${DEFAULT-VALUE}.")
  private ByteSize cache;

  @Option(
      names = "--commit-interval",
      paramLabel = "TIME",
      defaultValue = "5s",
      description =
          "How often the fold commits while nobody waits for a cut. Default: ${DEFAULT-VALUE}.")
  private Duration commitInterval;

  @Option(
      names = "--transaction-timeout",
      paramLabel = "TIME",
      defaultValue = "60s",
      description =
          "Longer than writing a full cache, or the statistics of a cut, takes: raise it for models"
              + " of gigabytes of statistics. A restart that lost its stores waits for so long."
              + " Default: ${DEFAULT-VALUE}.")
  private Duration transactionTimeout;

  AccumulatorConfig refine(AccumulatorConfig config) {
    return config.withFold(threads, cache.bytes()).withTimes(commitInterval, transactionTimeout);
  }
}
