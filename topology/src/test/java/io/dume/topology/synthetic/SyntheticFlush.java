package io.dume.topology.synthetic;

import io.dume.schemas.control.Membership;
import io.dume.schemas.message.CoveredRange;
import io.dume.schemas.message.ExpectedTile;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.LargestDiagonal;
import io.dume.schemas.message.SlotCount;
import io.dume.schemas.message.StatisticsKind;
import io.dume.schemas.message.StatisticsTile;
import io.dume.schemas.statistics.FixedPoint;
import io.dume.schemas.statistics.SymmetricSum;
import io.dume.schemas.statistics.TileGrid;
import io.dume.schemas.statistics.Tiles;
import io.dume.schemas.wire.StatisticsKey;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * A flush as a worker would make it of random features.
 *
 * @param manifest the manifest
 * @param tiles all tiles of it
 * @param contributions the Gram matrices that are in it, before any rounding
 */
public record SyntheticFlush(
    FlushManifest manifest, List<StatisticsTile> tiles, List<Contribution> contributions) {
  /** One record's Gram matrix of one layer, n x n, row-major. */
  public record Contribution(int layer, Membership membership, boolean heldOut, double[] gram) {
    public String domain() {
      return membership.domain();
    }
  }

  private record Kind(Membership membership, boolean heldOut) {}

  /** Makes a flush step by step. */
  public static final class Builder {
    private final Fit fit;
    private final Random random;
    private final List<CoveredRange> ranges = new ArrayList<>();
    private final Map<Kind, Integer> records = new LinkedHashMap<>();
    private Id id;

    private Builder(Fit fit, Random random) {
      this.fit = fit;
      this.random = random;
      byte[] bytes = new byte[16];
      random.nextBytes(bytes);
      this.id = new Id(bytes);
    }

    public Builder range(int partition, long from, long to) {
      ranges.add(new CoveredRange(partition, from, to, List.of(), List.of(), 0L));
      return this;
    }

    /** Covers a range in which not every record was counted. */
    public Builder range(CoveredRange range) {
      ranges.add(range);
      return this;
    }

    /** Counts records of a domain of the first list that has an expert of its own name. */
    public Builder records(String domain, int count) {
      return records(SyntheticFit.membership(domain, 1), count);
    }

    public Builder records(Membership membership, int count) {
      records.put(new Kind(membership, false), count);
      return this;
    }

    /** As {@link #records(String, int)}, kept out of routers. */
    public Builder heldOut(String domain, int count) {
      return heldOut(SyntheticFit.membership(domain, 1), count);
    }

    public Builder heldOut(Membership membership, int count) {
      records.put(new Kind(membership, true), count);
      return this;
    }

    public SyntheticFlush build() {
      List<Contribution> contributions = new ArrayList<>();
      List<SlotCount> slots = new ArrayList<>();
      List<StatisticsTile> tiles = new ArrayList<>();
      List<ExpectedTile> expected = new ArrayList<>();
      List<LargestDiagonal> diagonals = new ArrayList<>();
      for (Map.Entry<Kind, Integer> entry : records.entrySet()) {
        Membership membership = entry.getKey().membership();
        boolean out = entry.getKey().heldOut();
        Id slot = membership.slot(out);
        int index = slots.size();
        long tokens = 0;
        List<Contribution> own = new ArrayList<>();
        for (int r = 0; r < entry.getValue(); r++) {
          int length = 1 + random.nextInt(5);
          tokens += length;
          for (int layer = 0; layer < fit.getLayers(); layer++) {
            own.add(new Contribution(layer, membership, out, gram(length)));
          }
        }
        slots.add(
            new SlotCount(
                slot,
                membership.domain(),
                membership.mlp(),
                out,
                tokens,
                (long) entry.getValue(),
                membership.since()));
        for (int layer = 0; layer < fit.getLayers(); layer++) {
          SymmetricSum sum = sum(own, layer);
          tiles(slot, layer, sum, tiles);
          diagonals.add(new LargestDiagonal(layer, index, sum.largestDiagonal()));
        }
        contributions.addAll(own);
      }
      for (StatisticsTile tile : tiles) {
        expected.add(
            new ExpectedTile(
                tile.getLayer(),
                index(slots, tile.getSlot()),
                tile.getKind(),
                tile.getRow(),
                tile.getCol(),
                tile.getDigest()));
      }
      FlushManifest manifest =
          new FlushManifest(
              id, fit.getId(), "worker", ranges, slots, expected, diagonals, Instant.EPOCH, 0);
      return new SyntheticFlush(manifest, tiles, contributions);
    }

    private static int index(List<SlotCount> slots, Id slot) {
      return slots.stream().map(SlotCount::getSlot).toList().indexOf(slot);
    }

    private SymmetricSum sum(List<Contribution> contributions, int layer) {
      TileGrid grid = new TileGrid(fit.getWidth() + 1, fit.getTileSize());
      SymmetricSum sum = new SymmetricSum(grid, new FixedPoint(fit.getFractionBits()));
      contributions.stream().filter(c -> c.layer() == layer).forEach(c -> sum.add(c.gram()));
      return sum;
    }

    private void tiles(Id slot, int layer, SymmetricSum sum, List<StatisticsTile> into) {
      TileGrid grid = new TileGrid(fit.getWidth() + 1, fit.getTileSize());
      for (TileGrid.Tile place : grid.all()) {
        byte[] values = sum.tile(place.row(), place.col());
        into.add(tile(slot, layer, StatisticsKind.GRAM, place.row(), place.col(), values));
      }
      into.add(tile(slot, layer, StatisticsKind.TARGET, 0, 0, sum.target()));
    }

    private StatisticsTile tile(
        Id slot, int layer, StatisticsKind kind, int row, int col, byte[] values) {
      return new StatisticsTile(
          id,
          fit.getId(),
          layer,
          slot,
          kind,
          row,
          col,
          Tiles.digest(values),
          ByteBuffer.wrap(values));
    }

    private double[] gram(int length) {
      int n = fit.getWidth() + 1;
      double[] gram = new double[n * n];
      for (int t = 0; t < length; t++) {
        double[] x = new double[n];
        for (int i = 0; i < n - 1; i++) {
          x[i] = random.nextGaussian();
        }
        x[n - 1] = 1;
        for (int i = 0; i < n; i++) {
          for (int j = 0; j < n; j++) {
            gram[i * n + j] += x[i] * x[j];
          }
        }
      }
      return gram;
    }
  }

  /** A flush of nothing yet; the random numbers are drawn from the given source. */
  public static Builder of(Fit fit, Random random) {
    return new Builder(fit, random);
  }

  /** The key under which a tile travels. */
  public static byte[] key(StatisticsTile tile) {
    return StatisticsKey.staged(
        tile.getFlush(),
        tile.getLayer(),
        tile.getSlot(),
        tile.getKind(),
        tile.getRow(),
        tile.getCol(),
        tile.getDigest());
  }

  /** The same flush with another manifest. */
  public SyntheticFlush with(FlushManifest other) {
    return new SyntheticFlush(other, tiles, contributions);
  }

  /** The same flush had it never held some slots; its positions stay. */
  public SyntheticFlush without(Predicate<SlotCount> gone) {
    List<SlotCount> slots = manifest.getSlots();
    List<SlotCount> kept = slots.stream().filter(gone.negate()).toList();
    Set<Id> ids = kept.stream().map(SlotCount::getSlot).collect(Collectors.toSet());
    int[] places = slots.stream().mapToInt(kept::indexOf).toArray();
    FlushManifest other =
        FlushManifest.newBuilder(manifest)
            .setSlots(kept)
            .setTiles(
                manifest.getTiles().stream()
                    .filter(t -> places[t.getSlot()] >= 0)
                    .map(t -> ExpectedTile.newBuilder(t).setSlot(places[t.getSlot()]).build())
                    .toList())
            .setDiagonals(
                manifest.getDiagonals().stream()
                    .filter(d -> places[d.getSlot()] >= 0)
                    .map(d -> LargestDiagonal.newBuilder(d).setSlot(places[d.getSlot()]).build())
                    .toList())
            .build();
    return new SyntheticFlush(
        other,
        tiles.stream().filter(t -> ids.contains(t.getSlot())).toList(),
        contributions.stream()
            .filter(c -> ids.contains(c.membership().slot(c.heldOut())))
            .toList());
  }

  /** The same flush with one tile replaced. */
  public SyntheticFlush with(int index, StatisticsTile tile) {
    List<StatisticsTile> others = new ArrayList<>(tiles);
    others.set(index, tile);
    return new SyntheticFlush(manifest, others, contributions);
  }
}
