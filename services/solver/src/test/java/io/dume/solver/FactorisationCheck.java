package io.dume.solver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.dume.schemas.statistics.TileGrid;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** What every factorisation must do; one subclass for each. */
abstract class FactorisationCheck {
  abstract Factorisation open();

  @Property(tries = 40)
  void shouldSolveRandomPositiveDefiniteSystems(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 150) int width,
      @ForAll @IntRange(min = 1, max = 7) int experts) {
    LayerStatistics system = RandomSystems.statistics(seed, width, experts, 2 * width + 10);
    double[] x = new double[system.b().length];

    try (Factorisation factorisation = open()) {
      factorisation.put(system.a(), system.size());
      assertThat(factorisation.factor(0.01)).isTrue();
      factorisation.solve(system.b(), experts, x);
    }

    assertThat(product(system, 0.01, x))
        .usingComparatorWithPrecision(1e-8 * largest(system.b()))
        .containsExactly(system.b());
  }

  @Property(tries = 20)
  void shouldLeaveItsInputsAsTheyAre(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 130) int width) {
    LayerStatistics system = RandomSystems.statistics(seed, width, 3, 2 * width + 10);
    double[] a = system.a().clone();
    double[] b = system.b().clone();

    try (Factorisation factorisation = open()) {
      factorisation.put(system.a(), system.size());
      factorisation.factor(0.01);
      factorisation.solve(system.b(), 3, new double[system.b().length]);
    }

    assertThat(system.a()).isEqualTo(a);
    assertThat(system.b()).isEqualTo(b);
  }

  @Property(tries = 20)
  void shouldGiveTheSameBitsAfterOtherMatricesOfOtherSizes(
      @ForAll long seed, @ForAll @IntRange(min = 2, max = 130) int width) {
    LayerStatistics system = RandomSystems.statistics(seed, width, 3, 2 * width + 10);
    LayerStatistics other = RandomSystems.statistics(seed + 1, width / 2, 2, width + 10);
    double[] fresh = new double[system.b().length];
    double[] reused = new double[system.b().length];

    try (Factorisation factorisation = open()) {
      factorisation.put(system.a(), system.size());
      factorisation.factor(0.01);
      factorisation.solve(system.b(), 3, fresh);
      factorisation.put(other.a(), other.size());
      factorisation.factor(1);
      factorisation.solve(other.b(), 2, new double[other.b().length]);
      factorisation.put(system.a(), system.size());
      factorisation.factor(0.01);
      factorisation.solve(system.b(), 3, reused);
    }

    assertThat(reused).isEqualTo(fresh);
  }

  @Property(tries = 20)
  void shouldPermuteTheSolutionWithTheRightHandSides(
      @ForAll long seed, @ForAll @IntRange(min = 2, max = 100) int width) {
    LayerStatistics system = RandomSystems.statistics(seed, width, 2, 2 * width + 10);
    double[] swapped = swapColumns(system.b());
    double[] x = new double[swapped.length];
    double[] y = new double[swapped.length];

    try (Factorisation factorisation = open()) {
      factorisation.put(system.a(), system.size());
      factorisation.factor(0.01);
      factorisation.solve(system.b(), 2, x);
      factorisation.solve(swapped, 2, y);
    }

    assertThat(y).usingComparatorWithPrecision(1e-12 * largest(x)).containsExactly(swapColumns(x));
  }

  @Property(tries = 40)
  void shouldMultiplyWithAWithoutLambdaAfterFactoring(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 130) int width) {
    LayerStatistics system = RandomSystems.statistics(seed, width, 3, 2 * width + 10);
    double[] x = new double[system.b().length];
    double[] result = new double[x.length];

    try (Factorisation factorisation = open()) {
      factorisation.put(system.a(), system.size());
      factorisation.factor(0.5);
      factorisation.multiply(system.b(), 3, result);
      factorisation.solve(system.b(), 3, x);
    }

    double[] expected = product(system, 0, system.b());
    assertThat(result)
        .usingComparatorWithPrecision(1e-12 * largest(expected))
        .containsExactly(expected);
    assertThat(product(system, 0.5, x))
        .usingComparatorWithPrecision(1e-8 * largest(system.b()))
        .containsExactly(system.b());
  }

  @Property(tries = 20)
  void shouldGiveTheSameBitsWhateverLambdaWasTriedBefore(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 300) int width) {
    LayerStatistics system = RandomSystems.statistics(seed, width, 2, 20);
    double[] fresh = new double[system.b().length];
    double[] again = new double[fresh.length];
    double[] product = new double[fresh.length];
    double[] productAgain = new double[fresh.length];

    try (Factorisation factorisation = open()) {
      factorisation.put(system.a(), system.size());
      factorisation.factor(0.5);
      factorisation.solve(system.b(), 2, fresh);
      factorisation.multiply(fresh, 2, product);
      // Fails half way, and leaves that behind.
      factorisation.factor(-1e6);
      factorisation.factor(7);
      factorisation.factor(0.5);
      factorisation.solve(system.b(), 2, again);
      factorisation.multiply(again, 2, productAgain);
    }

    assertThat(again).isEqualTo(fresh);
    assertThat(productAgain).isEqualTo(product);
  }

  @Property(tries = 20)
  void shouldTakeBlocksOfAnySizeInAnyOrder(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 600) int width,
      @ForAll @IntRange(min = 20, max = 400) int tileSize) {
    LayerStatistics system = RandomSystems.statistics(seed, width, 2, 10);
    int n = system.size();
    TileGrid grid = new TileGrid(n, tileSize);
    List<TileGrid.Tile> tiles = new ArrayList<>(grid.all());
    Collections.shuffle(tiles, new Random(seed));

    List<double[]> inBlocks;
    try (Factorisation factorisation = open()) {
      factorisation.begin(n);
      for (TileGrid.Tile tile : tiles) {
        int row = tile.row() * tileSize;
        int column = tile.col() * tileSize;
        for (int i = row; i < row + grid.extent(tile.row()); i++) {
          int from = Math.max(i, column);
          int count = column + grid.extent(tile.col()) - from;
          factorisation.put(i, from, system.a(), i * n + from, count);
        }
      }
      inBlocks = solveAndMultiply(factorisation, system);
    }

    List<double[]> whole = solveAndMultiply(system.a(), system);
    assertThat(inBlocks.get(0)).isEqualTo(whole.get(0));
    assertThat(inBlocks.get(1)).isEqualTo(whole.get(1));
  }

  @Property(tries = 20)
  void shouldLookAtTheUpperTriangleAlone(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 130) int width) {
    LayerStatistics system = RandomSystems.statistics(seed, width, 2, 2 * width + 10);
    double[] upper = system.a().clone();
    for (int i = 0; i < system.size(); i++) {
      Arrays.fill(upper, i * system.size(), i * system.size() + i, Double.NaN);
    }

    List<double[]> whole = solveAndMultiply(system.a(), system);
    List<double[]> half = solveAndMultiply(upper, system);

    assertThat(half.get(0)).isEqualTo(whole.get(0));
    assertThat(half.get(1)).isEqualTo(whole.get(1));
  }

  private List<double[]> solveAndMultiply(double[] a, LayerStatistics system) {
    try (Factorisation factorisation = open()) {
      factorisation.put(a, system.size());
      return solveAndMultiply(factorisation, system);
    }
  }

  private static List<double[]> solveAndMultiply(
      Factorisation factorisation, LayerStatistics system) {
    double[] x = new double[system.b().length];
    double[] product = new double[x.length];
    factorisation.factor(0.5);
    factorisation.solve(system.b(), 2, x);
    factorisation.multiply(x, 2, product);
    return List.of(x, product);
  }

  @Test
  void shouldTellTheSmallestPivot() {
    // L = [2 0; 1 3], so A = [4 2; 2 10] and the pivots are 4 and 9.
    try (Factorisation factorisation = open()) {
      factorisation.put(new double[] {4, 2, 2, 10}, 2);
      factorisation.factor(0);

      assertThat(factorisation.smallestPivot()).isCloseTo(4, within(1e-14));
    }
  }

  @Test
  void shouldAddLambdaToTheDiagonalOnly() {
    double[] x = new double[2];

    try (Factorisation factorisation = open()) {
      factorisation.put(new double[] {1, 1, 1, 1}, 2);
      factorisation.factor(1);
      factorisation.solve(new double[] {3, 3}, 1, x);
    }

    assertThat(x).usingComparatorWithPrecision(1e-14).containsExactly(1, 1);
  }

  @Test
  void shouldRefuseAMatrixThatIsNotPositiveDefiniteAndNameThePivot() {
    // The Schur complement of the second entry is 1 - 4 = -3.
    try (Factorisation factorisation = open()) {
      factorisation.put(new double[] {1, 2, 2, 1}, 2);
      boolean worked = factorisation.factor(0);

      assertThat(worked).isFalse();
      assertThat(factorisation.failedPivot().index()).isEqualTo(1);
      assertThat(factorisation.failedPivot().value()).isCloseTo(-3, within(1e-14));
    }
  }

  @Property(tries = 20)
  void shouldNameTheFirstPivotThatFailsInALargerMatrix(
      @ForAll long seed, @ForAll @IntRange(min = 0, max = 129) int bad) {
    LayerStatistics system = RandomSystems.statistics(seed, 129, 1, 400);
    system.a()[bad * system.size() + bad] = -5;

    try (Factorisation factorisation = open()) {
      factorisation.put(system.a(), system.size());
      boolean worked = factorisation.factor(0.01);

      assertThat(worked).isFalse();
      assertThat(factorisation.failedPivot().index()).isEqualTo(bad);
      assertThat(factorisation.failedPivot().value()).isLessThanOrEqualTo(-4.99);
    }
  }

  @Test
  void shouldWorkAgainAfterAMatrixThatFailed() {
    try (Factorisation factorisation = open()) {
      factorisation.put(new double[] {1, 2, 2, 1}, 2);
      factorisation.factor(0);

      factorisation.put(new double[] {4, 2, 2, 10}, 2);
      assertThat(factorisation.factor(0)).isTrue();
    }
  }

  @Test
  void shouldGiveTheSameBitsHoweverManyThreadsSolveBesideIt() throws Exception {
    LayerStatistics system = RandomSystems.statistics(7, 300, 4, 700);
    Callable<double[]> solve =
        () -> {
          double[] x = new double[system.b().length];
          try (Factorisation factorisation = open()) {
            factorisation.put(system.a(), system.size());
            factorisation.factor(0.01);
            factorisation.solve(system.b(), 4, x);
          }
          return x;
        };
    double[] alone = solve.call();
    ExecutorService pool = Executors.newFixedThreadPool(4);

    List<double[]> together = new ArrayList<>();
    try {
      List<Callable<double[]>> tasks = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        tasks.add(solve);
      }
      for (Future<double[]> future : pool.invokeAll(tasks)) {
        together.add(future.get());
      }
    } finally {
      pool.shutdown();
    }

    assertThat(together).hasSize(8).allSatisfy(x -> assertThat(x).isEqualTo(alone));
  }

  private static double[] product(LayerStatistics system, double lambda, double[] x) {
    int n = system.size();
    int experts = system.experts();
    double[] product = new double[x.length];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < experts; j++) {
        double sum = lambda * x[i * experts + j];
        for (int k = 0; k < n; k++) {
          sum += system.a()[i * n + k] * x[k * experts + j];
        }
        product[i * experts + j] = sum;
      }
    }
    return product;
  }

  private static double[] swapColumns(double[] b) {
    double[] swapped = new double[b.length];
    for (int i = 0; i < b.length; i += 2) {
      swapped[i] = b[i + 1];
      swapped[i + 1] = b[i];
    }
    return swapped;
  }

  private static double largest(double[] values) {
    return Arrays.stream(values).map(Math::abs).max().orElseThrow();
  }
}
