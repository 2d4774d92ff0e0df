package io.dume.solver;

import io.dume.schemas.message.Cut;
import io.dume.schemas.message.CutSlot;
import io.dume.schemas.statistics.FixedPoint;
import io.dume.schemas.statistics.TileGrid;
import io.dume.schemas.wire.Ids;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The sizes that a cut claims, checked before anything is allocated for them.
 *
 * @param grid how A is cut into tiles
 * @param fixedPoint the fixed point of the fit
 * @param layers the number of layers
 * @param experts the number of columns of b
 * @param tokens for each expert the tokens of its domains
 * @param heldOutTokens for each expert the held-out tokens, or nothing where no domain has any
 */
record CutShape(
    TileGrid grid,
    FixedPoint fixedPoint,
    int layers,
    int experts,
    long[] tokens,
    Optional<long[]> heldOutTokens) {
  private static final int LARGEST_N = 46_340;

  /**
   * Reads the shape of a cut.
   *
   * @throws UnsolvableException if the sizes are absurd or the columns don't exist
   */
  static CutShape of(Cut cut) throws UnsolvableException {
    int n = cut.getWidth() + 1;
    if (n < 2 || n > LARGEST_N || cut.getLayers() < 1 || cut.getLayers() > Short.MAX_VALUE) {
      throw new UnsolvableException(
          "the cut claims %d layers of width %d: at least 1 each, and n = d + 1 at most %d"
              .formatted(cut.getLayers(), cut.getWidth(), LARGEST_N));
    }
    if (cut.getExperts().isEmpty() || cut.getStatisticsPartitions() < 1) {
      throw new UnsolvableException(
          "the cut claims %d experts and %d partitions: at least 1 each"
              .formatted(cut.getExperts().size(), cut.getStatisticsPartitions()));
    }
    long[] tokens = tokens(cut.getSlots(), cut.getExperts().size());
    Optional<long[]> heldOut =
        cut.getHeldOut().isEmpty()
            ? Optional.empty()
            : Optional.of(tokens(cut.getHeldOut(), tokens.length));
    try {
      return new CutShape(
          new TileGrid(n, cut.getTileSize()),
          new FixedPoint(cut.getFractionBits()),
          cut.getLayers(),
          tokens.length,
          tokens,
          heldOut);
    } catch (IllegalArgumentException e) {
      throw new UnsolvableException("the cut claims " + e.getMessage());
    }
  }

  private static long[] tokens(List<CutSlot> slots, int experts) throws UnsolvableException {
    long[] tokens = new long[experts];
    for (CutSlot slot : slots) {
      if (slot.getExpert() < 0 || slot.getExpert() >= experts || slot.getTokens() < 0) {
        throw new UnsolvableException(
            "domain %s: expert %d of %d, %d tokens"
                .formatted(slot.getDomain(), slot.getExpert(), experts, slot.getTokens()));
      }
      try {
        tokens[slot.getExpert()] = Math.addExact(tokens[slot.getExpert()], slot.getTokens());
      } catch (ArithmeticException e) {
        throw new UnsolvableException("the tokens of the cut do not fit into 64 bits");
      }
    }
    return tokens;
  }

  /** Whether a token of any expert is held out. */
  boolean hasHeldOutTokens() {
    return heldOutTokens.filter(counts -> Arrays.stream(counts).anyMatch(c -> c > 0)).isPresent();
  }

  /** n = d + 1. */
  int size() {
    return grid.size();
  }

  /** Which layers each partition of layer-statistics has. */
  static Map<Integer, Set<Integer>> layersByPartition(Cut cut) {
    Map<Integer, Set<Integer>> layers = new TreeMap<>();
    for (int layer = 0; layer < cut.getLayers(); layer++) {
      layers
          .computeIfAbsent(
              Ids.partition(cut.getFit(), layer, cut.getStatisticsPartitions()),
              partition -> new TreeSet<>())
          .add(layer);
    }
    return layers;
  }
}
