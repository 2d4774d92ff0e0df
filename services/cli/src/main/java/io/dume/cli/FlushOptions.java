package io.dume.cli;

import io.dume.extractor.FlushPolicy;
import java.time.Duration;
import picocli.CommandLine.Option;

/** When a feature extractor publishes what it has summed. */
final class FlushOptions {

  @Option(
      names = "--flush-interval",
      paramLabel = "TIME",
      defaultValue = "5s",
      description = "The longest that a record waits for a flush. Default: ${DEFAULT-VALUE}.")
  private Duration interval;

  @Option(
      names = "--flush-tokens",
      paramLabel = "N",
      defaultValue = "4194304",
      description = "Tokens that lead to a flush. Default: ${DEFAULT-VALUE}.")
  private long tokens;

  @Option(
      names = "--flush-bytes",
      paramLabel = "SIZE",
      defaultValue = "1GiB",
      description =
          "The most that a worker's sums may take, which lie outside of the heap: raise"
              + " -XX:MaxDirectMemorySize with it, above this times the workers of the process."
              + " Default: ${DEFAULT-VALUE}.")
  private ByteSize bytes;

  FlushPolicy policy() {
    return new FlushPolicy(interval, tokens, bytes.bytes());
  }
}
