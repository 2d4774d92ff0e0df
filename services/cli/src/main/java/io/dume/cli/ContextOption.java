package io.dume.cli;

import java.util.Optional;
import picocli.CommandLine.Option;

/** How many positions of a sequence count. */
final class ContextOption {

  /** The paper's code has 512. */
  private static final int PAPER = 512;

  @Option(
      names = "--context-dim",
      paramLabel = "N",
      description =
          "How many positions of a sequence count. Default: 512, or what the model allows if that is"
              + " less.")
  private Optional<Integer> contextDim = Optional.empty();

  /** What was asked for. */
  Optional<Integer> asked() {
    return contextDim;
  }

  /** The number for a model of so many positions. */
  int forModel(int maxPositions) {
    return contextDim.orElse(Math.min(PAPER, maxPositions));
  }
}
