package io.dume.schemas.statistics;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.Arrays;

/**
 * A running fixed-point sum of augmented Gram matrices in tiles: what a worker has of one (layer,
 * slot) between two flushes. Not thread-safe.
 *
 * <p>With n = d + 1 the matrix of {@code [x; 1][x; 1]ᵀ} has the token count in its last corner, and
 * its last column is b of the domain: one sum holds both.
 *
 * <p>The sums of a large model take gigabytes for as long as a worker lives, so they lie outside
 * the heap, in direct memory of {@link TileGrid#bytes()}: bounded by {@code
 * -XX:MaxDirectMemorySize} and freed when nobody refers to the sum any more. On the heap is one row
 * of a tile.
 */
public final class SymmetricSum {
  private final TileGrid grid;
  private final FixedPoint fixedPoint;
  // Of a tile on the diagonal only the upper half is kept up to date.
  private final ByteBuffer[] tiles;
  private final LongBuffer[] values;
  private final long[] line;
  // What the tiles hold then is of an earlier use.
  private boolean empty = true;

  /**
   * A sum of nothing.
   *
   * @param grid the shape
   * @param fixedPoint the fixed point of the fit
   * @throws OutOfMemoryError if the JVM may not have that much direct memory
   */
  public SymmetricSum(TileGrid grid, FixedPoint fixedPoint) {
    this.grid = grid;
    this.fixedPoint = fixedPoint;
    this.tiles = new ByteBuffer[grid.tiles()];
    this.values = new LongBuffer[grid.tiles()];
    this.line = new long[Math.min(grid.size(), grid.tileSize())];
    int i = 0;
    for (TileGrid.Tile tile : grid.all()) {
      tiles[i] =
          ByteBuffer.allocateDirect(grid.bytes(tile.row(), tile.col()))
              .order(ByteOrder.LITTLE_ENDIAN);
      values[i] = tiles[i].asLongBuffer();
      i++;
    }
  }

  /**
   * Rounds a matrix and adds it. Only the upper triangle is read, so a matrix that rounding left a
   * little asymmetric gives a symmetric sum.
   *
   * @param gram n x n, row-major; every value must {@link FixedPoint#fits fit}, and together with
   *     {@link #largestDiagonal()} stay below the limit: ask before, the sum is garbage after a
   *     failure
   * @throws ArithmeticException if a value does not fit or the sum overflows
   */
  public void add(double[] gram) {
    int n = grid.size();
    if (gram.length < n * n) {
      throw new IllegalArgumentException(
          "a matrix of %d values where %d x %d belong".formatted(gram.length, n, n));
    }
    int i = 0;
    for (TileGrid.Tile tile : grid.all()) {
      addTile(values[i++], tile, gram);
    }
    empty = false;
  }

  private void addTile(LongBuffer sums, TileGrid.Tile tile, double[] gram) {
    int rows = grid.extent(tile.row());
    int cols = grid.extent(tile.col());
    int first = tile.row() * grid.tileSize() * grid.size() + tile.col() * grid.tileSize();
    boolean diagonal = tile.row() == tile.col();
    for (int r = 0; r < rows; r++) {
      int from = diagonal ? r : 0;
      int count = cols - from;
      int at = r * cols + from;
      // Line by line through the heap: a loop over an array is what the JVM makes fast.
      if (empty) {
        Arrays.fill(line, 0, count, 0);
      } else {
        sums.get(at, line, 0, count);
      }
      fixedPoint.add(gram, first + r * grid.size() + from, line, count);
      sums.put(at, line, 0, count);
    }
  }

  /**
   * A tile as it goes on the wire.
   *
   * @param row the tile's row
   * @param col the tile's column
   * @return a copy of the values
   */
  public byte[] tile(int row, int col) {
    int index = grid.index(row, col);
    byte[] copy = new byte[grid.bytes(row, col)];
    if (!empty) {
      tiles[index].get(0, copy);
      if (row == col) {
        Tiles.mirror(copy, grid.extent(row));
      }
    }
    return copy;
  }

  /**
   * b of the domain: the last column.
   *
   * @return n values as a tile of one column
   */
  public byte[] target() {
    byte[] target = new byte[grid.size() * Long.BYTES];
    for (int i = 0; i < grid.size(); i++) {
      Tiles.set(target, i, value(i, grid.size() - 1));
    }
    return target;
  }

  /**
   * One value.
   *
   * @param row a matrix row
   * @param col a matrix column, at least the row
   * @return the fixed-point sum
   */
  public long value(int row, int col) {
    int tileRow = row / grid.tileSize();
    int tileCol = col / grid.tileSize();
    int index = grid.index(tileRow, tileCol);
    int at = (row % grid.tileSize()) * grid.extent(tileCol) + col % grid.tileSize();
    return empty ? 0 : values[index].get(at);
  }

  /**
   * The largest value on the diagonal; no value of the matrix is larger in absolute value, up to
   * rounding.
   *
   * @return a fixed-point sum, 0 for a sum of nothing
   */
  public long largestDiagonal() {
    long largest = 0;
    for (int i = 0; i < grid.size(); i++) {
      largest = Math.max(largest, value(i, i));
    }
    return largest;
  }

  /** Makes it a sum of nothing again. */
  public void clear() {
    empty = true;
  }
}
