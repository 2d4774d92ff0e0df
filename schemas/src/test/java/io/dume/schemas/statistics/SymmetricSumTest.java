package io.dume.schemas.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.ByteArrayOutputStream;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class SymmetricSumTest {
  private static final FixedPoint FIXED = new FixedPoint(20);

  /** The augmented Gram matrix of random tokens. */
  private static double[] gram(Random random, int n, int tokens) {
    double[] gram = new double[n * n];
    for (int token = 0; token < tokens; token++) {
      double[] x = random.doubles(n, -3, 3).toArray();
      x[n - 1] = 1;
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          gram[i * n + j] += x[i] * x[j];
        }
      }
    }
    return gram;
  }

  private static List<double[]> grams(long seed, int n, int count) {
    Random random = new Random(seed);
    List<double[]> grams = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      grams.add(gram(random, n, 1 + random.nextInt(5)));
    }
    return grams;
  }

  private static byte[] allTiles(TileGrid grid, SymmetricSum sum) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    grid.all().forEach(tile -> bytes.writeBytes(sum.tile(tile.row(), tile.col())));
    return bytes.toByteArray();
  }

  @Property(tries = 100)
  void shouldHoldTheSumOfTheRoundedMatrices(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 40) int n,
      @ForAll @IntRange(min = 1, max = 45) int tileSize) {
    SymmetricSum sum = new SymmetricSum(new TileGrid(n, tileSize), FIXED);
    List<double[]> grams = grams(seed, n, 4);

    grams.forEach(sum::add);

    long largest = 0;
    for (int i = 0; i < n; i++) {
      for (int j = i; j < n; j++) {
        long expected = 0;
        for (double[] gram : grams) {
          expected += FIXED.toFixed(gram[i * n + j]);
        }
        assertThat(sum.value(i, j)).as("entry (%d, %d)", i, j).isEqualTo(expected);
        largest = i == j ? Math.max(largest, expected) : largest;
      }
    }
    assertThat(sum.largestDiagonal()).isEqualTo(largest);
  }

  @Property(tries = 50)
  void shouldGiveTheSameTilesInWhateverOrderRecordsCome(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 30) int n) {
    TileGrid grid = new TileGrid(n, 8);
    List<double[]> grams = grams(seed, n, 10);
    SymmetricSum forwards = new SymmetricSum(grid, FIXED);
    SymmetricSum shuffled = new SymmetricSum(grid, FIXED);

    grams.forEach(forwards::add);
    Collections.shuffle(grams, new Random(seed));
    grams.forEach(shuffled::add);

    assertThat(allTiles(grid, shuffled)).isEqualTo(allTiles(grid, forwards));
  }

  @Property(tries = 50)
  void shouldNotDependOnHowRecordsAreSpreadOverFlushes(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 30) int n) {
    TileGrid grid = new TileGrid(n, 8);
    List<double[]> grams = grams(seed, n, 9);
    SymmetricSum whole = new SymmetricSum(grid, FIXED);
    SymmetricSum flush = new SymmetricSum(grid, FIXED);
    byte[] folded = new byte[allTiles(grid, whole).length];

    grams.forEach(whole::add);
    for (int i = 0; i < grams.size(); i++) {
      flush.add(grams.get(i));
      if (i % 3 == 2) {
        Tiles.add(folded, allTiles(grid, flush));
        flush.clear();
      }
    }

    assertThat(folded).isEqualTo(allTiles(grid, whole));
  }

  @Property(tries = 50)
  void shouldMirrorTilesOnTheDiagonalOfAMatrixThatIsALittleAsymmetric(
      @ForAll long seed, @ForAll @IntRange(min = 2, max = 30) int n) {
    TileGrid grid = new TileGrid(n, 7);
    double[] gram = gram(new Random(seed), n, 3);
    for (int i = 1; i < n; i++) {
      gram[i * n] += 1e-3;
    }
    SymmetricSum sum = new SymmetricSum(grid, FIXED);

    sum.add(gram);

    for (int t = 0; t < grid.side(); t++) {
      byte[] tile = sum.tile(t, t);
      int extent = grid.extent(t);
      for (int r = 0; r < extent; r++) {
        for (int c = 0; c < extent; c++) {
          assertThat(Tiles.get(tile, r * extent + c)).isEqualTo(Tiles.get(tile, c * extent + r));
        }
      }
    }
  }

  @Property(tries = 50)
  void shouldHaveTheTokenCountInItsCornerAndTheTargetInItsLastColumn(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 30) int n,
      @ForAll @IntRange(min = 1, max = 50) int tokens) {
    SymmetricSum sum = new SymmetricSum(new TileGrid(n, 8), FIXED);

    sum.add(gram(new Random(seed), n, tokens));

    assertThat(sum.value(n - 1, n - 1)).isEqualTo(FIXED.ofCount(tokens));
    byte[] target = sum.target();
    assertThat(target).hasSize(n * Long.BYTES);
    for (int i = 0; i < n; i++) {
      assertThat(Tiles.get(target, i)).isEqualTo(sum.value(i, n - 1));
    }
  }

  @Test
  void shouldRefuseAValueThatDoesNotFit() {
    SymmetricSum sum = new SymmetricSum(new TileGrid(2, 2), FIXED);

    assertThatExceptionOfType(ArithmeticException.class)
        .isThrownBy(() -> sum.add(new double[] {1, Double.NaN, 0, 1}));
  }

  @Test
  void shouldRefuseAnOverflowInsteadOfWrapping() {
    SymmetricSum sum = new SymmetricSum(new TileGrid(1, 1), new FixedPoint(0));
    double[] almost = {Math.nextDown(0x1p62)};
    sum.add(almost);
    sum.add(almost);

    assertThatExceptionOfType(ArithmeticException.class).isThrownBy(() -> sum.add(almost));
  }

  @Property(tries = 50)
  void shouldBeLikeNewWhenCleared(@ForAll long seed, @ForAll @IntRange(min = 1, max = 30) int n) {
    TileGrid grid = new TileGrid(n, 8);
    List<double[]> grams = grams(seed, n, 2);
    SymmetricSum used = new SymmetricSum(grid, FIXED);
    SymmetricSum fresh = new SymmetricSum(grid, FIXED);
    used.add(grams.get(0));

    used.clear();

    assertThat(allTiles(grid, used)).isEqualTo(allTiles(grid, fresh));
    assertThat(used.largestDiagonal()).isZero();
    used.add(grams.get(1));
    fresh.add(grams.get(1));
    assertThat(allTiles(grid, used)).isEqualTo(allTiles(grid, fresh));
  }

  @Test
  void shouldKeepItsTilesOutsideTheHeap() {
    BufferPoolMXBean direct =
        ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
            .filter(pool -> pool.getName().equals("direct"))
            .findFirst()
            .orElseThrow();
    TileGrid grid = new TileGrid(2049, 256);
    long before = direct.getTotalCapacity();

    SymmetricSum sum = new SymmetricSum(grid, FIXED);

    // Buffers of other tests are freed whenever the collector finds them: small ones.
    assertThat(direct.getTotalCapacity() - before).isGreaterThan(grid.bytes() / 2);
    assertThat(sum.largestDiagonal()).isZero();
  }

  @Test
  void shouldHandOutCopiesOfTiles() {
    SymmetricSum sum = new SymmetricSum(new TileGrid(1, 1), FIXED);
    sum.add(new double[] {2});

    Tiles.set(sum.tile(0, 0), 0, 99);

    assertThat(sum.value(0, 0)).isEqualTo(FIXED.toFixed(2));
  }

  @Test
  void shouldRefuseATileBelowTheDiagonal() {
    SymmetricSum sum = new SymmetricSum(new TileGrid(9, 4), FIXED);

    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> sum.tile(1, 0))
        .withMessageContaining("(1, 0)");
  }
}
