package io.dume.schemas.statistics;

import java.util.ArrayList;
import java.util.List;

/**
 * How a symmetric n x n matrix is cut into tiles of which only the upper triangle exists. Tiles of
 * the last row and column are smaller; a tile on the diagonal is whole, its lower half mirrored.
 *
 * @param size n, at least 1; d + 1 for statistics
 * @param tileSize rows and columns of a tile, at least 1
 */
public record TileGrid(int size, int tileSize) {
  /**
   * The most tiles of a grid. Lists of tiles are kept in memory, and the shape may come from a
   * message that anybody wrote.
   */
  public static final int MAX_TILES = 1 << 20;

  /** A place in the upper triangle: {@code row <= col}. */
  public record Tile(int row, int col) {}

  public TileGrid {
    if (size < 1 || tileSize < 1 || tileSize > 4096) {
      throw new IllegalArgumentException(
          "a grid of size %d with tiles of %d: sizes are at least 1 and tiles at most 4096"
              .formatted(size, tileSize));
    }
    long side = (size - 1) / tileSize + 1L;
    if (side * (side + 1) / 2 > MAX_TILES) {
      throw new IllegalArgumentException(
          "size %d needs more than %d tiles of %d a side: use larger tiles"
              .formatted(size, MAX_TILES, tileSize));
    }
  }

  /**
   * The side of the grid.
   *
   * @return the number of tile rows, which is the number of tile columns
   */
  public int side() {
    return (size - 1) / tileSize + 1;
  }

  /**
   * The number of tiles that exist.
   *
   * @return side (side + 1) / 2
   */
  public int tiles() {
    return side() * (side() + 1) / 2;
  }

  /**
   * All tiles, row by row.
   *
   * @return the tiles of the upper triangle
   */
  public List<Tile> all() {
    List<Tile> all = new ArrayList<>(tiles());
    for (int row = 0; row < side(); row++) {
      for (int col = row; col < side(); col++) {
        all.add(new Tile(row, col));
      }
    }
    return all;
  }

  /**
   * Whether a place is a tile of this grid.
   *
   * @param row a tile row
   * @param col a tile column
   * @return true in the upper triangle
   */
  public boolean contains(int row, int col) {
    return row >= 0 && row <= col && col < side();
  }

  /**
   * The place of a tile in {@link #all()}.
   *
   * @param row the tile's row
   * @param col the tile's column
   * @return from 0 to {@link #tiles()} - 1
   * @throws IllegalArgumentException if the grid does not have that tile
   */
  public int index(int row, int col) {
    if (!contains(row, col)) {
      throw new IllegalArgumentException(
          "no tile (%d, %d) in an upper triangle of side %d".formatted(row, col, side()));
    }
    // Row r starts after r rows that are one shorter each.
    return row * side() - row * (row - 1) / 2 + (col - row);
  }

  /**
   * The height of a tile row, or the width of a tile column.
   *
   * @param index the tile row or column
   * @return matrix rows or columns in it
   */
  public int extent(int index) {
    return Math.min(tileSize, size - index * tileSize);
  }

  /**
   * The bytes of a tile.
   *
   * @param row the tile's row
   * @param col the tile's column
   * @return eight for each value
   */
  public int bytes(int row, int col) {
    return extent(row) * extent(col) * Long.BYTES;
  }

  /**
   * The bytes of a matrix: all its tiles.
   *
   * @return eight for each value of each tile
   */
  public long bytes() {
    long bytes = 0;
    for (Tile tile : all()) {
      bytes += bytes(tile.row(), tile.col());
    }
    return bytes;
  }
}
