package io.dume.topology.fold;

import io.dume.schemas.message.FoldProgress;
import io.dume.schemas.message.Id;
import io.dume.schemas.statistics.TileGrid;
import io.dume.schemas.wire.StatisticsKey;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Set;
import java.util.function.Predicate;

/** Takes sums out. What is not there any more is no error: every order may come twice. */
final class Removal {
  private static final int LAYER_AT = 16;
  private static final int SLOT_AT = LAYER_AT + Short.BYTES;

  private final FoldStores stores;
  private final Records records;

  Removal(FoldStores stores, Records records) {
    this.stores = stores;
    this.records = records;
  }

  /** Deletes all that is kept of slots, in all layers. */
  void takeAway(Id fit, Set<Id> slots) {
    // Without progress no flush was ever added, and so no sum is there.
    records.progress(fit).ifPresent(shape -> delete(shape, slots::contains));
  }

  /** Deletes all that is kept of a fit, also what an addition that failed half way has left. */
  void forget(Id fit) {
    records.progress(fit).ifPresent(shape -> delete(shape, slot -> true));
    for (byte[] key : stores.gram().keys(fit.bytes())) {
      stores.gram().delete(key);
    }
    for (byte[] key : stores.target().keys(fit.bytes())) {
      stores.target().delete(key);
    }
    records.forget(fit);
  }

  /**
   * The small store of b says which layers and slots there are, and the grid which tiles each has:
   * to scan the store of A would be to read all of it.
   */
  private void delete(FoldProgress shape, Predicate<Id> slots) {
    Id fit = shape.getFit();
    for (byte[] key : stores.target().keys(fit.bytes())) {
      int layer = ByteBuffer.wrap(key).getShort(LAYER_AT);
      Id slot = new Id(Arrays.copyOfRange(key, SLOT_AT, key.length));
      if (slots.test(slot)) {
        TileGrid grid = new TileGrid(shape.getWidth() + 1, shape.getTileSize());
        for (TileGrid.Tile tile : grid.all()) {
          stores.gram().delete(StatisticsKey.sum(fit, layer, slot, tile.row(), tile.col()));
        }
        stores.target().delete(key);
      }
    }
  }
}
