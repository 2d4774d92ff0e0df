package io.dume.solver;

import io.dume.schemas.message.LayerTargets;
import io.dume.schemas.message.LayerTile;
import io.dume.schemas.statistics.FixedPoint;
import io.dume.schemas.statistics.TileGrid;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.Optional;

/**
 * Puts A and b of one layer together, of the training or of the held-out tokens, and checks all
 * that can be checked for nothing: every tile once, no negative diagonal, the corner of A and the
 * last row of b are the token counts, and the columns of b add up to the last column of A. Not
 * thread-safe.
 */
final class SumAssembly {
  private final TileGrid grid;
  private final FixedPoint fixedPoint;
  private final int layer;
  private final String what;
  private final long[] tokens;
  private final Optional<MatrixPlace> place;
  private final long[] lastColumn;
  private final long[] targets;
  private final BitSet seen = new BitSet();
  private boolean targetsSeen;

  /**
   * @param what in front of nouns in messages: empty, or "held-out "
   * @param tokens what the cut counts, for each expert
   * @param place takes A, if it is wanted; else it is only checked
   */
  SumAssembly(CutShape shape, int layer, String what, long[] tokens, Optional<MatrixPlace> place) {
    this.grid = shape.grid();
    this.fixedPoint = shape.fixedPoint();
    this.layer = layer;
    this.what = what;
    this.tokens = tokens;
    int n = shape.size();
    this.place = place;
    place.ifPresent(matrix -> matrix.begin(n));
    this.lastColumn = new long[n];
    this.targets = new long[n * shape.experts()];
  }

  void add(LayerTile tile) throws UnsolvableException {
    int row = tile.getRow();
    int col = tile.getCol();
    ByteBuffer values = tile.getValues();
    if (!grid.contains(row, col) || values.remaining() != grid.bytes(row, col)) {
      throw failure(
          "%stile (%d, %d) of %d bytes is none of %s", row, col, values.remaining(), grid);
    }
    int index = row * grid.side() + col;
    if (seen.get(index)) {
      throw failure("%stile (%d, %d) came twice", row, col);
    }
    seen.set(index);
    // Decoded messages lie in arrays, and are not copied out of them.
    if (values.hasArray()) {
      add(row, col, values.array(), values.arrayOffset() + values.position());
    } else {
      add(row, col, copied(values), 0);
    }
  }

  private void add(int row, int col, byte[] values, int offset) throws UnsolvableException {
    int cols = grid.extent(col);
    if (row == col) {
      for (int i = 0; i < cols; i++) {
        if (value(values, offset, i * cols + i) < 0) {
          throw failure("%sdiagonal entry %d is negative", row * grid.tileSize() + i);
        }
      }
    }
    if (col == grid.side() - 1) {
      for (int r = 0; r < grid.extent(row); r++) {
        lastColumn[row * grid.tileSize() + r] = value(values, offset, r * cols + cols - 1);
      }
    }
    place.ifPresent(matrix -> put(row, col, values, offset, matrix));
  }

  /** The upper triangle alone: nobody looks at the other. */
  private void put(int row, int col, byte[] values, int offset, MatrixPlace matrix) {
    int cols = grid.extent(col);
    // A power of two: the product has the bits of the quotient.
    double unit = fixedPoint.toDouble(1);
    for (int r = 0; r < grid.extent(row); r++) {
      int from = row == col ? r : 0;
      int at = offset + (r * cols + from) * Long.BYTES;
      matrix.put(
          row * grid.tileSize() + r, col * grid.tileSize() + from, values, at, cols - from, unit);
    }
  }

  private static long value(byte[] values, int offset, int index) {
    return FixedValues.get(values, offset + index * Long.BYTES);
  }

  void add(LayerTargets message) throws UnsolvableException {
    ByteBuffer values = message.getValues();
    if (message.getExperts() != tokens.length
        || values.remaining() != targets.length * Long.BYTES) {
      throw failure(
          "%sb has %d bytes for %d experts where %d x %d values belong",
          values.remaining(), message.getExperts(), grid.size(), tokens.length);
    }
    if (targetsSeen) {
      throw failure("%sb came twice");
    }
    targetsSeen = true;
    values.duplicate().order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(targets);
  }

  /**
   * Ends the sums.
   *
   * @param sent how many tiles the fold says it sent
   * @return b
   */
  RightHandSides complete(int sent) throws UnsolvableException {
    int wanted = grid.tiles();
    if (sent != wanted || seen.cardinality() != wanted || !targetsSeen) {
      throw failure(
          "%stiles: %d came and %d were sent where %d belong; b %s",
          seen.cardinality(), sent, wanted, targetsSeen ? "came" : "is missing");
    }
    requireCounts();
    double[] b = new double[targets.length];
    for (int i = 0; i < b.length; i++) {
      b[i] = fixedPoint.toDouble(targets[i]);
    }
    return new RightHandSides(layer, grid.size(), tokens.length, b);
  }

  private void requireCounts() throws UnsolvableException {
    int n = grid.size();
    int experts = tokens.length;
    long all = 0;
    try {
      for (int j = 0; j < experts; j++) {
        all = Math.addExact(all, tokens[j]);
        if (targets[(n - 1) * experts + j] != fixedPoint.ofCount(tokens[j])) {
          throw failure("the %stokens in b of expert %d are not those of the cut", j);
        }
      }
      if (lastColumn[n - 1] != fixedPoint.ofCount(all)) {
        throw failure("the %stokens in A are not the %d of the cut", all);
      }
      for (int i = 0; i < n; i++) {
        long sum = 0;
        for (int j = 0; j < experts; j++) {
          sum = Math.addExact(sum, targets[i * experts + j]);
        }
        if (sum != lastColumn[i]) {
          throw failure("%srow %d: the columns of b do not add up to the last column of A", i);
        }
      }
    } catch (ArithmeticException e) {
      throw failure("the %scounts leave the range of 62 bits");
    }
  }

  /** The format's first argument is which sums they are. */
  private UnsolvableException failure(String format, Object... arguments) {
    Object[] all = new Object[arguments.length + 1];
    all[0] = what;
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    return LayerAssembly.failure(layer, format.formatted(all));
  }

  private static byte[] copied(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }
}
