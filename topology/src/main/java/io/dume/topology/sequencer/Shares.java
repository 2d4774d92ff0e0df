package io.dume.topology.sequencer;

import io.dume.schemas.message.ApplyFlush;
import io.dume.schemas.message.ExpectedTile;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.LargestDiagonal;
import io.dume.schemas.message.SlotCount;
import io.dume.schemas.wire.Ids;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** A flush that counts, as orders: one for each partition, with its layers and no others. */
final class Shares {
  private final Fit fit;
  private final List<SlotCount> slots = new ArrayList<>();
  private final List<Id> takenAway = new ArrayList<>();

  /** For each slot of the manifest its place among those that count, or -1. */
  private final int[] places;

  private final List<List<ExpectedTile>> tiles = new ArrayList<>();
  private final List<List<LargestDiagonal>> diagonals = new ArrayList<>();

  private Shares(Fit fit, FlushManifest manifest, Predicate<SlotCount> live) {
    this.fit = fit;
    this.places = new int[manifest.getSlots().size()];
    for (int i = 0; i < places.length; i++) {
      SlotCount slot = manifest.getSlots().get(i);
      boolean counts = live.test(slot);
      places[i] = counts ? slots.size() : -1;
      if (counts) {
        slots.add(slot);
      } else {
        takenAway.add(slot.getSlot());
      }
    }
    for (int partition = 0; partition < fit.getStatisticsPartitions(); partition++) {
      tiles.add(new ArrayList<>());
      diagonals.add(new ArrayList<>());
    }
    manifest.getTiles().forEach(this::share);
    manifest.getDiagonals().forEach(this::share);
  }

  private void share(ExpectedTile tile) {
    int place = places[tile.getSlot()];
    if (place >= 0) {
      tiles
          .get(partition(tile.getLayer()))
          .add(
              new ExpectedTile(
                  tile.getLayer(),
                  place,
                  tile.getKind(),
                  tile.getRow(),
                  tile.getCol(),
                  tile.getDigest()));
    }
  }

  private void share(LargestDiagonal diagonal) {
    int place = places[diagonal.getSlot()];
    if (place >= 0) {
      diagonals
          .get(partition(diagonal.getLayer()))
          .add(new LargestDiagonal(diagonal.getLayer(), place, diagonal.getValue()));
    }
  }

  private int partition(int layer) {
    return Ids.partition(fit.getId(), layer, fit.getStatisticsPartitions());
  }

  /**
   * The orders of a flush. Also partitions without a layer get theirs, so that all count the same
   * flushes.
   *
   * @param live which slots count; the others were taken away while the flush was on its way
   */
  static List<Decision> of(
      Fit fit, FlushManifest manifest, Predicate<SlotCount> live, long sequence, long timestamp) {
    Shares shares = new Shares(fit, manifest, live);
    List<Decision> orders = new ArrayList<>();
    for (int partition = 0; partition < fit.getStatisticsPartitions(); partition++) {
      ApplyFlush order =
          new ApplyFlush(
              fit.getId(),
              manifest.getFlush(),
              sequence,
              fit.getWidth(),
              fit.getTileSize(),
              fit.getFractionBits(),
              shares.slots,
              shares.tiles.get(partition),
              shares.diagonals.get(partition),
              shares.takenAway);
      orders.add(new Decision.ToPartition(partition, order, timestamp));
    }
    return orders;
  }
}
