package io.dume.topology.fold;

import io.dume.schemas.message.ApplyFlush;
import io.dume.schemas.message.ExpectedTile;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.LargestDiagonal;
import io.dume.schemas.message.SlotCount;
import io.dume.schemas.message.StatisticsKind;
import io.dume.schemas.statistics.FixedPoint;
import io.dume.schemas.statistics.TileGrid;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.StatisticsKey;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The tiles that an order names, and whether they are what the manifest promised. */
final class FlushTiles {
  /** The statistics of a layer and slot in one flush: the tiles of A in grid order, then b. */
  private record Group(int layer, SlotCount slot, ExpectedTile[] places) {
    boolean complete() {
      for (ExpectedTile place : places) {
        if (place == null) {
          return false;
        }
      }
      return true;
    }
  }

  private record Place(int layer, int slot) {}

  private final ApplyFlush order;
  private final Staging staging;
  private final TileGrid grid;
  private final FixedPoint fixedPoint;
  private final Map<Place, Group> groups = new LinkedHashMap<>();
  private final Map<Place, Long> largest = new HashMap<>();

  /**
   * Sorts the tiles of an order. Anybody can write an order: nothing is allocated that it does not
   * itself list.
   *
   * @throws IllegalArgumentException if the order names what can't exist
   * @throws ArithmeticException if its counts don't fit into the sums
   */
  FlushTiles(ApplyFlush order, Staging staging) {
    this.order = order;
    this.staging = staging;
    this.grid = new TileGrid(Math.addExact(order.getWidth(), 1), order.getTileSize());
    this.fixedPoint = new FixedPoint(order.getFractionBits());
    requireCounts();
    requireWholeGroups();
    for (ExpectedTile tile : order.getTiles()) {
      SlotCount slot = slot(tile.getSlot());
      Group group =
          groups.computeIfAbsent(
              new Place(tile.getLayer(), tile.getSlot()),
              p -> new Group(tile.getLayer(), slot, new ExpectedTile[grid.tiles() + 1]));
      int place =
          tile.getKind() == StatisticsKind.TARGET
              ? grid.tiles()
              : grid.index(tile.getRow(), tile.getCol());
      group.places()[place] = tile;
    }
    for (LargestDiagonal diagonal : order.getDiagonals()) {
      slot(diagonal.getSlot());
      largest.put(new Place(diagonal.getLayer(), diagonal.getSlot()), diagonal.getValue());
    }
  }

  private void requireCounts() {
    Set<Id> seen = new HashSet<>();
    for (SlotCount slot : order.getSlots()) {
      if (!seen.add(slot.getSlot())) {
        throw new IllegalArgumentException("slot %s twice".formatted(Ids.hex(slot.getSlot())));
      }
      if (slot.getRecords() < 0) {
        throw new IllegalArgumentException("%d records".formatted(slot.getRecords()));
      }
      fixedPoint.ofCount(slot.getTokens());
    }
  }

  /** Each layer and slot that is named comes with a whole grid and b, or the order is refused. */
  private void requireWholeGroups() {
    Set<Place> named = new HashSet<>();
    for (ExpectedTile tile : order.getTiles()) {
      if (tile.getLayer() < 0 || tile.getLayer() > Short.MAX_VALUE) {
        throw new IllegalArgumentException("layer %d".formatted(tile.getLayer()));
      }
      slot(tile.getSlot());
      named.add(new Place(tile.getLayer(), tile.getSlot()));
    }
    long expected = named.size() * (grid.tiles() + 1L);
    if (order.getTiles().size() != expected) {
      throw new IllegalArgumentException(
          "%d tiles where %d layers and slots have %d"
              .formatted(order.getTiles().size(), named.size(), expected));
    }
  }

  private SlotCount slot(int index) {
    if (index < 0 || index >= order.getSlots().size()) {
      throw new IllegalArgumentException("slot %d of %d".formatted(index, order.getSlots().size()));
    }
    return order.getSlots().get(index);
  }

  private byte[] stagedKey(ExpectedTile tile) {
    return StatisticsKey.staged(
        order.getFlush(),
        tile.getLayer(),
        slot(tile.getSlot()).getSlot(),
        tile.getKind(),
        tile.getRow(),
        tile.getCol(),
        tile.getDigest());
  }

  /** Looks at every tile; nothing is added before all are right. */
  Optional<String> problem() {
    for (Map.Entry<Place, Group> entry : groups.entrySet()) {
      Group group = entry.getValue();
      Long claimed = largest.get(entry.getKey());
      if (!group.complete() || claimed == null) {
        return Optional.of(
            "the order lacks tiles or the largest diagonal entry of %s".formatted(name(group)));
      }
      Optional<String> problem = problem(group, claimed);
      if (problem.isPresent()) {
        return problem;
      }
    }
    return Optional.empty();
  }

  private static String name(Group group) {
    return "layer %d, domain %s".formatted(group.layer(), group.slot().getDomain());
  }

  private Optional<String> problem(Group group, long claimed) {
    StagedTile[] lastColumn = new StagedTile[grid.side()];
    for (TileGrid.Tile tile : grid.all()) {
      Optional<StagedTile> staged =
          staging.get(stagedKey(group.places()[grid.index(tile.row(), tile.col())]));
      Optional<String> problem = problem(tile, staged, claimed, group.slot().getRecords());
      if (problem.isPresent()) {
        return Optional.of(
            "tile (%d, %d) of %s %s".formatted(tile.row(), tile.col(), name(group), problem.get()));
      }
      if (tile.col() == grid.side() - 1) {
        lastColumn[tile.row()] = staged.get();
      }
    }
    return corner(group, lastColumn).or(() -> target(group, lastColumn));
  }

  /**
   * Entries of a sum of squares are bounded by its diagonal; every record may have rounded by half
   * a unit, and a Gram matrix in float32 by more. With that bound and the sequencer's on the sums
   * of the diagonals, adding can't overflow.
   */
  private Optional<String> problem(
      TileGrid.Tile tile, Optional<StagedTile> staged, long claimed, long records) {
    if (staged.isEmpty()) {
      return Optional.of("is missing");
    }
    StagedTile values = staged.get();
    if (values.length() != grid.bytes(tile.row(), tile.col())) {
      return Optional.of("has %d bytes".formatted(values.length()));
    }
    if (!values.within(claimed + (claimed >> 10) + records)) {
      return Optional.of(
          "has an entry of %d, where the largest on the diagonal is %d"
              .formatted(values.largest(), claimed));
    }
    return tile.row() == tile.col() ? diagonal(tile, values, claimed) : Optional.empty();
  }

  private Optional<String> diagonal(TileGrid.Tile tile, StagedTile values, long claimed) {
    int extent = grid.extent(tile.row());
    for (int i = 0; i < extent; i++) {
      long value = values.get(i * extent + i);
      if (value < 0 || value > claimed) {
        return Optional.of(
            "has %d on its diagonal, where 0 to %d was promised".formatted(value, claimed));
      }
    }
    return values
        .asymmetry(extent)
        .map(at -> "is not symmetric at (%d, %d)".formatted(at.row(), at.col()));
  }

  private Optional<String> corner(Group group, StagedTile[] lastColumn) {
    StagedTile last = lastColumn[grid.side() - 1];
    long corner = last.get(last.length() / Long.BYTES - 1);
    long tokens = fixedPoint.ofCount(group.slot().getTokens());
    return corner == tokens
        ? Optional.empty()
        : Optional.of(
            "the corner of %s is %d, where %d tokens give %d"
                .formatted(name(group), corner, group.slot().getTokens(), tokens));
  }

  private Optional<String> target(Group group, StagedTile[] lastColumn) {
    Optional<StagedTile> target = staging.get(stagedKey(group.places()[grid.tiles()]));
    if (target.isEmpty() || target.get().length() != grid.size() * Long.BYTES) {
      return Optional.of("b of %s is missing or has another size".formatted(name(group)));
    }
    int width = grid.extent(grid.side() - 1);
    for (int row = 0; row < grid.size(); row++) {
      int within = row % grid.tileSize();
      long value = lastColumn[row / grid.tileSize()].get(within * width + width - 1);
      if (value != target.get().get(row)) {
        return Optional.of(
            "b of %s is not the last column of A at row %d".formatted(name(group), row));
      }
    }
    return Optional.empty();
  }

  /**
   * Adds everything, and takes it out of staging.
   *
   * @throws ArithmeticException if a sum overflows; the sums are garbage then
   */
  void addTo(Shelf gram, Shelf target) {
    Id fit = order.getFit();
    for (Group group : groups.values()) {
      Id slot = group.slot().getSlot();
      for (ExpectedTile tile : group.places()) {
        boolean isTarget = tile.getKind() == StatisticsKind.TARGET;
        byte[] key =
            isTarget
                ? StatisticsKey.target(fit, group.layer(), slot)
                : StatisticsKey.sum(fit, group.layer(), slot, tile.getRow(), tile.getCol());
        add(isTarget ? target : gram, key, stagedKey(tile));
      }
    }
  }

  private void add(Shelf sums, byte[] key, byte[] stagedKey) {
    StagedTile addend = staging.get(stagedKey).orElseThrow();
    Optional<byte[]> sum = sums.get(key);
    if (sum.isPresent()) {
      // In place: half a megabyte less to allocate for each tile.
      addend.addTo(sum.get());
      sums.put(key, sum.get());
    } else {
      sums.put(key, addend.toBytes());
    }
    staging.delete(stagedKey);
  }
}
