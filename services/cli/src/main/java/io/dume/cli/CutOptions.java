package io.dume.cli;

import io.dume.topology.sequencer.CutPolicy;
import java.time.Duration;
import picocli.CommandLine.Option;

/** When a version is made without anybody asking for it. */
final class CutOptions {

  @Option(
      names = "--cut-tokens",
      paramLabel = "N",
      defaultValue = "200000",
      description = "New tokens that lead to a version at once. Default: ${DEFAULT-VALUE}.")
  private long tokens;

  @Option(
      names = "--cut-interval",
      paramLabel = "TIME",
      defaultValue = "30s",
      description = "The longest that new tokens wait for a version. Default: ${DEFAULT-VALUE}.")
  private Duration interval;

  CutPolicy policy() {
    return new CutPolicy(tokens, interval);
  }
}
