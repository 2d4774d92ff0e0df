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

  void add(RecordGrams grams, long recordTokens) {
    for (int layer = 0; layer < layers.size(); layer++) {
      layers.get(layer).add(grams.layers().get(layer));
    }
    tokens += recordTokens;
    records++;
  }

  Slot slot() {
    return slot;
  }

  List<SymmetricSum> layers() {
    return layers;
  }

  SlotCount count() {
    return new SlotCount(slot.id(), slot.domain(), slot.mlp(), slot.heldOut(), tokens, records);
  }
}
