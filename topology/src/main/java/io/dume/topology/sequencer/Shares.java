package io.dume.topology.sequencer;

import io.dume.schemas.message.ApplyFlush;
import io.dume.schemas.message.ExpectedTile;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.LargestDiagonal;
import io.dume.schemas.wire.Ids;
import java.util.ArrayList;
import java.util.List;

/** A flush that counts, as orders: one for each partition, with its layers and no others. */
final class Shares {
  private Shares() {}

  /** Also partitions without a layer get their order, so that all count the same flushes. */
  static List<Decision> of(Fit fit, FlushManifest manifest, long sequence, long timestamp) {
    int partitions = fit.getStatisticsPartitions();
    List<List<ExpectedTile>> tiles = new ArrayList<>();
    List<List<LargestDiagonal>> diagonals = new ArrayList<>();
    for (int partition = 0; partition < partitions; partition++) {
      tiles.add(new ArrayList<>());
      diagonals.add(new ArrayList<>());
    }
    for (ExpectedTile tile : manifest.getTiles()) {
      tiles.get(Ids.partition(fit.getId(), tile.getLayer(), partitions)).add(tile);
    }
    for (LargestDiagonal diagonal : manifest.getDiagonals()) {
      diagonals.get(Ids.partition(fit.getId(), diagonal.getLayer(), partitions)).add(diagonal);
    }
    List<Decision> orders = new ArrayList<>();
    for (int partition = 0; partition < partitions; partition++) {
      ApplyFlush order =
          new ApplyFlush(
              fit.getId(),
              manifest.getFlush(),
              sequence,
              fit.getWidth(),
              fit.getTileSize(),
              fit.getFractionBits(),
              manifest.getSlots(),
              tiles.get(partition),
              diagonals.get(partition),
              List.of());
      orders.add(new Decision.ToPartition(partition, order, timestamp));
    }
    return orders;
  }
}
