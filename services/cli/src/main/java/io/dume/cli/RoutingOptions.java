package io.dume.cli;

import picocli.CommandLine.Option;

/** How the mixture's gates choose. */
final class RoutingOptions {

  @Option(
      names = "--top-k",
      paramLabel = "K",
      defaultValue = "1",
      description =
          "Experts that a token goes through. Default: ${DEFAULT-VALUE}, as in the paper.")
  private int topK;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "1.0",
      description =
          "Divides the gates' scores before the softmax over the chosen K; without effect for K = 1."
              + " Default: ${DEFAULT-VALUE}.")
  private double temperature;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Of random routing. Default: ${DEFAULT-VALUE}.")
  private long seed;

  int topK() {
    return topK;
  }

  double temperature() {
    return temperature;
  }

  long seed() {
    return seed;
  }
}
