package io.dume.topology.synthetic;

import io.dume.schemas.message.Fit;
import io.dume.schemas.message.LayerComplete;
import io.dume.schemas.message.LayerFailed;
import io.dume.schemas.message.LayerTargets;
import io.dume.schemas.message.LayerTile;
import io.dume.schemas.statistics.TileGrid;
import io.dume.schemas.statistics.Tiles;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.avro.specific.SpecificRecord;

/** What layer-statistics says of one cut, put together again. */
public final class LayersOfCut {
  private final Fit fit;
  private final long cut;
  private final TileGrid grid;

  /** Tiles and b of one kind of tokens. */
  private static final class Sums {
    private final Map<Integer, BigInteger[]> grams = new HashMap<>();
    private final Map<Integer, Integer> tiles = new HashMap<>();
    private final Map<Integer, BigInteger[]> targets = new HashMap<>();
  }

  private final Sums counted = new Sums();
  private final Sums heldOut = new Sums();
  private final Set<Integer> complete = new HashSet<>();
  private final Map<Integer, String> failures = new HashMap<>();

  public LayersOfCut(Fit fit, long cut) {
    this.fit = fit;
    this.cut = cut;
    this.grid = new TileGrid(fit.getWidth() + 1, fit.getTileSize());
  }

  /** Takes a message of layer-statistics; those of other cuts are passed over. */
  public LayersOfCut take(SpecificRecord message) {
    if (message instanceof LayerTile tile && tile.getCut() == cut) {
      put(tile, tile.getHeldOut() ? heldOut : counted);
    } else if (message instanceof LayerTargets b && b.getCut() == cut) {
      (b.getHeldOut() ? heldOut : counted).targets.put(b.getLayer(), values(b.getValues()));
    } else if (message instanceof LayerComplete end && end.getCut() == cut) {
      int layer = end.getLayer();
      boolean all =
          counted.tiles.getOrDefault(layer, 0) == end.getTiles()
              && heldOut.tiles.getOrDefault(layer, 0) == end.getHeldOutTiles();
      boolean anyHeldOut = end.getHeldOutTiles() > 0;
      if (!all
          || !counted.targets.containsKey(layer)
          || heldOut.targets.containsKey(layer) != anyHeldOut) {
        throw new IllegalStateException("layer %d ended early".formatted(end.getLayer()));
      }
      complete.add(end.getLayer());
    } else if (message instanceof LayerFailed failed && failed.getCut() == cut) {
      failures.put(failed.getLayer(), failed.getReason());
    }
    return this;
  }

  private static BigInteger[] values(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    BigInteger[] values = new BigInteger[bytes.length / Long.BYTES];
    for (int i = 0; i < values.length; i++) {
      values[i] = BigInteger.valueOf(Tiles.get(bytes, i));
    }
    return values;
  }

  private void put(LayerTile tile, Sums into) {
    int n = grid.size();
    BigInteger[] gram =
        into.grams.computeIfAbsent(
            tile.getLayer(),
            l -> {
              BigInteger[] zeros = new BigInteger[n * n];
              Arrays.fill(zeros, BigInteger.ZERO);
              return zeros;
            });
    BigInteger[] values = values(tile.getValues());
    int cols = grid.extent(tile.getCol());
    for (int i = 0; i < values.length; i++) {
      int row = tile.getRow() * grid.tileSize() + i / cols;
      int col = tile.getCol() * grid.tileSize() + i % cols;
      if (row <= col) {
        gram[row * n + col] = values[i];
      }
    }
    into.tiles.merge(tile.getLayer(), 1, Integer::sum);
  }

  /** Whether every layer has ended, well or not. */
  public boolean ended() {
    return complete.size() + failures.size() == fit.getLayers();
  }

  public Set<Integer> complete() {
    return complete;
  }

  public Map<Integer, String> failures() {
    return failures;
  }

  public BigInteger[] gram(int layer) {
    return counted.grams.get(layer);
  }

  public BigInteger[] targets(int layer) {
    return counted.targets.get(layer);
  }

  /** Nothing if no tokens are held out. */
  public Optional<BigInteger[]> heldOutGram(int layer) {
    return Optional.ofNullable(heldOut.grams.get(layer));
  }

  /** Nothing if no tokens are held out. */
  public Optional<BigInteger[]> heldOutTargets(int layer) {
    return Optional.ofNullable(heldOut.targets.get(layer));
  }
}
