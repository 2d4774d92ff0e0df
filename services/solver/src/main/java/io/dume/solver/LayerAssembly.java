package io.dume.solver;

import io.dume.schemas.message.LayerComplete;
import io.dume.schemas.message.LayerTargets;
import io.dume.schemas.message.LayerTile;
import io.dume.schemas.statistics.LayerMatrix;
import io.dume.schemas.statistics.TileGrid;
import io.dume.schemas.statistics.Tiles;
import java.nio.ByteBuffer;
import java.util.BitSet;

/**
 * Puts one layer of a cut together from its messages, and checks all that can be checked for
 * nothing: every tile once, no negative diagonal, the corner of A and the last row of b are the
 * token counts, and the columns of b add up to the last column of A. Not thread-safe.
 */
final class LayerAssembly {
  private final CutShape shape;
  private final int layer;
  private final double[] a;
  private final double[] b;
  private final long[] lastColumn;
  private final long[] targets;
  private final BitSet seen = new BitSet();
  private boolean targetsSeen;

  LayerAssembly(CutShape shape, int layer) {
    this.shape = shape;
    this.layer = layer;
    int n = shape.size();
    this.a = new double[n * n];
    this.b = new double[n * shape.experts()];
    this.lastColumn = new long[n];
    this.targets = new long[n * shape.experts()];
  }

  void add(LayerTile tile) throws UnsolvableException {
    TileGrid grid = shape.grid();
    int row = tile.getRow();
    int col = tile.getCol();
    byte[] values = bytes(tile.getValues());
    if (!grid.contains(row, col) || values.length != grid.bytes(row, col)) {
      throw failure("tile (%d, %d) of %d bytes is none of %s", row, col, values.length, grid);
    }
    int index = row * grid.side() + col;
    if (seen.get(index)) {
      throw failure("tile (%d, %d) came twice", row, col);
    }
    seen.set(index);
    int cols = grid.extent(col);
    if (row == col) {
      for (int i = 0; i < cols; i++) {
        if (Tiles.get(values, i * cols + i) < 0) {
          throw failure("diagonal entry %d is negative", row * grid.tileSize() + i);
        }
      }
    }
    if (col == grid.side() - 1) {
      for (int r = 0; r < grid.extent(row); r++) {
        lastColumn[row * grid.tileSize() + r] = Tiles.get(values, r * cols + cols - 1);
      }
    }
    LayerMatrix.put(grid, shape.fixedPoint(), row, col, values, a);
  }

  void add(LayerTargets message) throws UnsolvableException {
    byte[] values = bytes(message.getValues());
    if (message.getExperts() != shape.experts() || values.length != targets.length * Long.BYTES) {
      throw failure(
          "b has %d bytes for %d experts where %d x %d values belong",
          values.length, message.getExperts(), shape.size(), shape.experts());
    }
    if (targetsSeen) {
      throw failure("b came twice");
    }
    targetsSeen = true;
    for (int i = 0; i < targets.length; i++) {
      targets[i] = Tiles.get(values, i);
      b[i] = shape.fixedPoint().toDouble(targets[i]);
    }
  }

  LayerStatistics complete(LayerComplete message) throws UnsolvableException {
    int wanted = shape.grid().tiles();
    if (message.getTiles() != wanted || seen.cardinality() != wanted || !targetsSeen) {
      throw failure(
          "%d tiles came and %d were sent where %d belong; b %s",
          seen.cardinality(), message.getTiles(), wanted, targetsSeen ? "came" : "is missing");
    }
    int n = shape.size();
    int experts = shape.experts();
    long tokens = 0;
    try {
      for (int j = 0; j < experts; j++) {
        tokens = Math.addExact(tokens, shape.tokens()[j]);
        if (targets[(n - 1) * experts + j] != shape.fixedPoint().ofCount(shape.tokens()[j])) {
          throw failure("the tokens in b of expert %d are not those of the cut", j);
        }
      }
      if (lastColumn[n - 1] != shape.fixedPoint().ofCount(tokens)) {
        throw failure("the tokens in A are not the %d of the cut", tokens);
      }
      for (int i = 0; i < n; i++) {
        long sum = 0;
        for (int j = 0; j < experts; j++) {
          sum = Math.addExact(sum, targets[i * experts + j]);
        }
        if (sum != lastColumn[i]) {
          throw failure("row %d: the columns of b do not add up to the last column of A", i);
        }
      }
    } catch (ArithmeticException e) {
      throw failure("the counts leave the range of 62 bits");
    }
    return new LayerStatistics(layer, n, experts, a, b);
  }

  private UnsolvableException failure(String format, Object... arguments) {
    return new UnsolvableException(
        "statistics of layer %d: %s".formatted(layer, format.formatted(arguments)));
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }
}
