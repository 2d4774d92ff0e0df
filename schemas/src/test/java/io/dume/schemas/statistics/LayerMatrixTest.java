package io.dume.schemas.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class LayerMatrixTest {
  private static final FixedPoint FIXED = new FixedPoint(20);

  @Property(tries = 100)
  void shouldPutTilesTogetherToTheSymmetricMatrixThatTheyWereCutFrom(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 40) int n,
      @ForAll @IntRange(min = 1, max = 45) int tileSize) {
    TileGrid grid = new TileGrid(n, tileSize);
    double[] symmetric = new double[n * n];
    Random random = new Random(seed);
    for (int i = 0; i < n; i++) {
      for (int j = i; j < n; j++) {
        symmetric[i * n + j] = random.nextInt() / 0x1p20;
        symmetric[j * n + i] = symmetric[i * n + j];
      }
    }
    SymmetricSum sum = new SymmetricSum(grid, FIXED);
    sum.add(symmetric);
    double[] matrix = new double[n * n];

    for (TileGrid.Tile t : grid.all()) {
      LayerMatrix.put(grid, FIXED, t.row(), t.col(), sum.tile(t.row(), t.col()), matrix);
    }

    assertThat(matrix).isEqualTo(symmetric);
  }

  @Test
  void shouldRefuseATileOfAnotherPlaceOrSize() {
    TileGrid grid = new TileGrid(10, 4);
    double[] matrix = new double[100];

    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> LayerMatrix.put(grid, FIXED, 1, 0, new byte[128], matrix));
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> LayerMatrix.put(grid, FIXED, 0, 2, new byte[128], matrix))
        .withMessageContaining("(0, 2)");
  }
}
