package io.dume.bench;

import java.time.Duration;
import java.util.OptionalLong;

/**
 * What a {@link Plan} is made for. Immutable.
 *
 * @param width d, the hidden size
 * @param layers of the model
 * @param domains each with statistics of its own
 * @param tokensPerSecond in all
 * @param feedForward the inner width of an MLP
 * @param parameters of one expert without embeddings; derived from the widths when empty
 * @param contextDim tokens of a sequence
 * @param vocabulary ids are below it
 * @param flushInterval how often each worker flushes all domains
 * @param cutInterval how often there is a version
 * @param replication copies of each topic on the brokers
 * @param solverCores that solve layers
 */
public record Workload(
    int width,
    int layers,
    int domains,
    double tokensPerSecond,
    int feedForward,
    OptionalLong parameters,
    int contextDim,
    int vocabulary,
    Duration flushInterval,
    Duration cutInterval,
    int replication,
    int solverCores) {

  /** The default of every fit. */
  private static final int TILE = 256;

  public Workload {
    requireAtLeastOne("d", width);
    requireAtLeastOne("layers", layers);
    requireAtLeastOne("domains", domains);
    requireAtLeastOne("feed-forward", feedForward);
    requireAtLeastOne("context-dim", contextDim);
    requireAtLeastOne("vocabulary", vocabulary);
    requireAtLeastOne("replication", replication);
    requireAtLeastOne("cores", solverCores);
    parameters.ifPresent(count -> requireAtLeastOne("parameters", count));
    if (!(tokensPerSecond > 0) || Double.isInfinite(tokensPerSecond)) {
      throw new IllegalArgumentException(
          "tokens-per-second of %s: a number above zero, such as 1e6".formatted(tokensPerSecond));
    }
    requirePositive("flush-interval", flushInterval);
    requirePositive("cut-interval", cutInterval);
  }

  /** Rows of the statistics: d + 1. */
  int rows() {
    return width + 1;
  }

  /** Rows and columns of a tile. */
  int tile() {
    return TILE;
  }

  private static void requireAtLeastOne(String name, long value) {
    if (value < 1) {
      throw new IllegalArgumentException("%s of %d: at least 1".formatted(name, value));
    }
  }

  private static void requirePositive(String name, Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(
          "%s of %s: longer than nothing, such as 60s".formatted(name, value));
    }
  }
}
