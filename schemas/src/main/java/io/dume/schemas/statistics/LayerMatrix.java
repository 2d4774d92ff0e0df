package io.dume.schemas.statistics;

/**
 * Tiles back to a whole symmetric matrix in doubles. Each entry is the correctly rounded value of
 * its integer, so the same tiles give the same matrix everywhere.
 */
public final class LayerMatrix {
  private LayerMatrix() {}

  /**
   * Writes a tile and its mirror image.
   *
   * @param grid the shape
   * @param fixedPoint the fixed point of the fit
   * @param row the tile's row
   * @param col the tile's column
   * @param tile the values
   * @param matrix n x n, row-major; the tile's place and its mirror image are overwritten
   * @throws IllegalArgumentException if the tile is not of the grid or has another size
   */
  public static void put(
      TileGrid grid, FixedPoint fixedPoint, int row, int col, byte[] tile, double[] matrix) {
    if (!grid.contains(row, col) || tile.length != grid.bytes(row, col)) {
      throw new IllegalArgumentException(
          "tile (%d, %d) of %d bytes in %s".formatted(row, col, tile.length, grid));
    }
    int n = grid.size();
    int cols = grid.extent(col);
    int top = row * grid.tileSize();
    int left = col * grid.tileSize();
    for (int r = 0; r < grid.extent(row); r++) {
      for (int c = 0; c < cols; c++) {
        double value = fixedPoint.toDouble(Tiles.get(tile, r * cols + c));
        matrix[(top + r) * n + left + c] = value;
        matrix[(left + c) * n + top + r] = value;
      }
    }
  }
}
