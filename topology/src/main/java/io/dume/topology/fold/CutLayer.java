package io.dume.topology.fold;

import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.CutSlot;
import io.dume.schemas.message.LayerComplete;
import io.dume.schemas.message.LayerTargets;
import io.dume.schemas.message.LayerTile;
import io.dume.schemas.statistics.FixedPoint;
import io.dume.schemas.statistics.TileGrid;
import io.dume.schemas.statistics.Tiles;
import io.dume.schemas.wire.StatisticsKey;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;

/**
 * One layer of a cut: A pooled over its slots, tile by tile, and b with a column an expert; then
 * the same of the slots that are held out, if there are any.
 */
final class CutLayer {
  private static final int ENVELOPE_BYTES = 1024;

  private final Cut cut;
  private final int layer;
  private final FoldStores stores;
  private final TileGrid grid;
  private final FixedPoint fixedPoint;

  CutLayer(Cut cut, int layer, FoldStores stores) {
    this.cut = cut;
    this.layer = layer;
    this.stores = stores;
    this.grid = new TileGrid(Math.addExact(cut.getWidth(), 1), cut.getTileSize());
    this.fixedPoint = new FixedPoint(cut.getFractionBits());
  }

  /** What is wrong with the sums, found before anything of the layer is sent. */
  Optional<String> problem() {
    if (grid.bytes(0, 0) > Topics.MAX_MESSAGE_BYTES - ENVELOPE_BYTES) {
      return Optional.of(
          "a tile has %d bytes, more than a message takes".formatted(grid.bytes(0, 0)));
    }
    long targetBytes = (long) grid.size() * Long.BYTES * cut.getExperts().size();
    if (targetBytes > Topics.MAX_MESSAGE_BYTES - ENVELOPE_BYTES) {
      return Optional.of(
          "b of %d experts at a hidden size of %d has %d bytes, more than a message takes"
              .formatted(cut.getExperts().size(), cut.getWidth(), targetBytes));
    }
    int last = grid.side() - 1;
    for (CutSlot slot : all()) {
      Optional<byte[]> corner = tile(slot, last, last);
      Optional<byte[]> target = target(slot);
      if (corner.isEmpty() || target.isEmpty()) {
        return Optional.of("no sums of domain %s in layer %d".formatted(slot.getDomain(), layer));
      }
      long tokens = fixedPoint.ofCount(slot.getTokens());
      long inA = Tiles.get(corner.get(), corner.get().length / Long.BYTES - 1);
      long inB = Tiles.get(target.get(), grid.size() - 1);
      if (inA != tokens || inB != tokens) {
        return Optional.of(
            "layer %d, domain %s: A counts %d and b %d, where %d tokens give %d"
                .formatted(layer, slot.getDomain(), inA, inB, slot.getTokens(), tokens));
      }
    }
    return Optional.empty();
  }

  /**
   * Sends the layer.
   *
   * @throws ArithmeticException if a pooled sum overflows, lacks a tile, or has a negative entry on
   *     its diagonal; what was sent of the layer is not followed by its end then
   */
  void send(Consumer<FoldOutput> out) {
    send(cut.getSlots(), false, out);
    boolean holdsOut = !cut.getHeldOut().isEmpty();
    if (holdsOut) {
      send(cut.getHeldOut(), true, out);
    }
    int heldOutTiles = holdsOut ? grid.tiles() : 0;
    send(
        out,
        0,
        0,
        new LayerComplete(cut.getCut(), cut.getFit(), layer, grid.tiles(), heldOutTiles));
  }

  private List<CutSlot> all() {
    List<CutSlot> all = new ArrayList<>(cut.getSlots());
    all.addAll(cut.getHeldOut());
    return all;
  }

  private void send(List<CutSlot> slots, boolean heldOut, Consumer<FoldOutput> out) {
    for (TileGrid.Tile place : grid.all()) {
      byte[] pooled = new byte[grid.bytes(place.row(), place.col())];
      for (CutSlot slot : slots) {
        Tiles.add(pooled, tile(slot, place.row(), place.col()).orElseThrow(() -> missing(place)));
      }
      requireDiagonal(place, pooled);
      send(
          out,
          place.row(),
          place.col(),
          new LayerTile(
              cut.getCut(),
              cut.getFit(),
              layer,
              place.row(),
              place.col(),
              ByteBuffer.wrap(pooled),
              heldOut));
    }
    send(
        out,
        0,
        0,
        new LayerTargets(
            cut.getCut(),
            cut.getFit(),
            layer,
            cut.getExperts().size(),
            ByteBuffer.wrap(targets(slots)),
            heldOut));
  }

  private void send(Consumer<FoldOutput> out, int row, int col, SpecificRecord message) {
    byte[] key = StatisticsKey.layer(cut.getFit(), cut.getCut(), layer, row, col);
    out.accept(new FoldOutput.LayerStatistics(key, message));
  }

  private ArithmeticException missing(TileGrid.Tile place) {
    return new ArithmeticException(
        "no tile (%d, %d) of layer %d".formatted(place.row(), place.col(), layer));
  }

  private void requireDiagonal(TileGrid.Tile place, byte[] pooled) {
    int extent = grid.extent(place.row());
    for (int i = 0; place.row() == place.col() && i < extent; i++) {
      if (Tiles.get(pooled, i * extent + i) < 0) {
        throw new ArithmeticException(
            "a negative diagonal entry in tile (%d, %d) of layer %d"
                .formatted(place.row(), place.col(), layer));
      }
    }
  }

  private byte[] targets(List<CutSlot> slots) {
    int experts = cut.getExperts().size();
    byte[] targets = new byte[Math.multiplyExact(grid.size() * Long.BYTES, experts)];
    for (CutSlot slot : slots) {
      byte[] target = target(slot).orElseThrow();
      for (int row = 0; row < grid.size(); row++) {
        int at = row * experts + slot.getExpert();
        Tiles.set(targets, at, Math.addExact(Tiles.get(targets, at), Tiles.get(target, row)));
      }
    }
    return targets;
  }

  private Optional<byte[]> tile(CutSlot slot, int row, int col) {
    return stores
        .gram()
        .get(StatisticsKey.sum(cut.getFit(), layer, slot.getSlot(), row, col))
        .filter(t -> t.length == grid.bytes(row, col));
  }

  private Optional<byte[]> target(CutSlot slot) {
    return stores
        .target()
        .get(StatisticsKey.target(cut.getFit(), layer, slot.getSlot()))
        .filter(t -> t.length == grid.size() * Long.BYTES);
  }
}
