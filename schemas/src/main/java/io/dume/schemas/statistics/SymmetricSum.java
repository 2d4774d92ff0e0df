package io.dume.schemas.statistics;

import java.util.Arrays;

/**
 * A running fixed-point sum of augmented Gram matrices in tiles: what a worker has of one (layer,
 * slot) between two flushes. Not thread-safe.
 *
 * <p>With n = d + 1 the matrix of {@code [x; 1][x; 1]ᵀ} has the token count in its last corner, and
 * its last column is b of the domain: one sum holds both.
 */
public final class SymmetricSum {
  private final TileGrid grid;
  private final FixedPoint fixedPoint;
  private final byte[][] tiles;

  /**
   * A sum of nothing.
   *
   * @param grid the shape
   * @param fixedPoint the fixed point of the fit
   */
  public SymmetricSum(TileGrid grid, FixedPoint fixedPoint) {
    this.grid = grid;
    this.fixedPoint = fixedPoint;
    this.tiles = new byte[grid.tiles()][];
    int i = 0;
    for (TileGrid.Tile tile : grid.all()) {
      tiles[i++] = new byte[grid.bytes(tile.row(), tile.col())];
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
      addTile(tiles[i++], tile, gram);
    }
  }

  private void addTile(byte[] sums, TileGrid.Tile tile, double[] gram) {
    int n = grid.size();
    int rows = grid.extent(tile.row());
    int cols = grid.extent(tile.col());
    int top = tile.row() * grid.tileSize();
    int left = tile.col() * grid.tileSize();
    boolean diagonal = tile.row() == tile.col();
    for (int r = 0; r < rows; r++) {
      for (int c = diagonal ? r : 0; c < cols; c++) {
        long value = fixedPoint.toFixed(gram[(top + r) * n + left + c]);
        int at = r * cols + c;
        Tiles.set(sums, at, Math.addExact(Tiles.get(sums, at), value));
        if (diagonal && c > r) {
          Tiles.set(sums, c * cols + r, Tiles.get(sums, at));
        }
      }
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
    return tiles[grid.index(row, col)].clone();
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
    int at = (row % grid.tileSize()) * grid.extent(tileCol) + col % grid.tileSize();
    return Tiles.get(tiles[grid.index(tileRow, tileCol)], at);
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
    for (byte[] tile : tiles) {
      Arrays.fill(tile, (byte) 0);
    }
  }
}
