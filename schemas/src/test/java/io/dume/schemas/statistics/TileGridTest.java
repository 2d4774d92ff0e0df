package io.dume.schemas.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.dume.schemas.statistics.TileGrid.Tile;
import java.util.HashSet;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TileGridTest {
  @Property(tries = 200)
  void shouldCoverEachEntryOfTheUpperTriangleOnce(
      @ForAll @IntRange(min = 1, max = 90) int size,
      @ForAll @IntRange(min = 1, max = 100) int tileSize) {
    TileGrid grid = new TileGrid(size, tileSize);
    int[] covered = new int[size * size];

    for (Tile tile : grid.all()) {
      for (int r = 0; r < grid.extent(tile.row()); r++) {
        for (int c = 0; c < grid.extent(tile.col()); c++) {
          covered[(tile.row() * tileSize + r) * size + tile.col() * tileSize + c]++;
        }
      }
    }

    for (int i = 0; i < size; i++) {
      for (int j = i; j < size; j++) {
        assertThat(covered[i * size + j]).as("entry (%d, %d)", i, j).isEqualTo(1);
      }
    }
  }

  @Property(tries = 200)
  void shouldAgreeWithItselfOnWhichTilesThereAre(
      @ForAll @IntRange(min = 1, max = 200) int size,
      @ForAll @IntRange(min = 1, max = 64) int tileSize) {
    TileGrid grid = new TileGrid(size, tileSize);
    Set<Tile> all = new HashSet<>(grid.all());
    long bytes = 0;

    for (int row = -1; row <= grid.side(); row++) {
      for (int col = -1; col <= grid.side(); col++) {
        boolean there = grid.contains(row, col);
        assertThat(there).isEqualTo(all.contains(new Tile(row, col)));
        bytes += there ? grid.bytes(row, col) : 0;
      }
    }

    assertThat(all).hasSize(grid.tiles());
    assertThat(grid.bytes()).isEqualTo(bytes);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 256",
    "-1, 256",
    "10, 0",
    "10, 4097",
    "2147483647, 256",
    "2147483647, 4096",
    "40000, 1",
    "1500, 1"
  })
  void shouldRefuseSizesThatNoMatrixHas(int size, int tileSize) {
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> new TileGrid(size, tileSize))
        .withMessageContaining(Integer.toString(size));
  }
}
