package io.dume.extractor;

import io.dume.schemas.message.SlotCount;
import io.dume.schemas.statistics.FixedPoint;
import io.dume.schemas.statistics.SymmetricSum;
import io.dume.schemas.statistics.TileGrid;
import java.util.List;
import java.util.stream.IntStream;

/** The running sums of one slot: one matrix a layer. */
final class SlotSum {
  private final Slot slot;
  private final List<SymmetricSum> layers;
  private long tokens;
  private long records;

  SlotSum(Slot slot, List<SymmetricSum> layers) {
    this.slot = slot;
    this.layers = layers;
  }

  static List<SymmetricSum> zeros(TileGrid grid, FixedPoint fixedPoint, int layers) {
    return IntStream.range(0, layers).mapToObj(l -> new SymmetricSum(grid, fixedPoint)).toList();
  }

  boolean overflowsWith(long[] largest) {
    for (int layer = 0; layer < largest.length; layer++) {
      if (layers.get(layer).largestDiagonal() + largest[layer] >= FixedPoint.LIMIT) {
        return true;
      }
    }
    return false;
  }

  /**
   * Adds a whole record.
   *
   * @param gram room for one matrix
   */
  void add(RecordFeatures record, double[] gram) {
    for (int layer = 0; layer < layers.size(); layer++) {
      record.gram(layer, gram);
      double corner = gram[gram.length - 1];
      if (corner != record.tokens()) {
        throw new ExtractorException(
            "layer %d: the model summed %s tokens in a record of %d"
                .formatted(layer, corner, record.tokens()));
      }
      layers.get(layer).add(gram);
    }
    tokens += record.tokens();
    records++;
  }

  Slot slot() {
    return slot;
  }

  List<SymmetricSum> layers() {
    return layers;
  }

  SlotCount count() {
    return new SlotCount(
        slot.id(),
        slot.domain(),
        slot.membership().mlp(),
        slot.heldOut(),
        tokens,
        records,
        slot.membership().since());
  }
}
