package io.dume.solver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class FittedTest {
  private static double[] ridge(LayerStatistics statistics, double lambda)
      throws UnsolvableException {
    try (LayerSolver solver = RandomSystems.solver(new EjmlFactorisation(), statistics)) {
      return solver.solve(RightHandSides.of(statistics), lambda).w();
    }
  }

  @Property(tries = 50)
  void shouldGiveTheErrorOfAnyColumnsAsIfEachTokenWerePredicted(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 20) int width,
      @ForAll @IntRange(min = 0, max = 30) int tokens) {
    RawTokens raw = new RawTokens(seed, ~seed, width, tokens, 7, 11);
    double[] w = new Random(seed).doubles((width + 1) * 3L, -1, 1).toArray();

    Fitted fitted = new Fitted(raw.statistics(0), w);

    double[] expected = raw.squaredErrors(w);
    double scale = Arrays.stream(expected).max().orElseThrow();
    assertThat(fitted.squaredErrors()).containsExactly(expected, within(1e-10 * scale));
    assertThat(fitted.meanSquaredError())
        .isCloseTo(Arrays.stream(expected).sum() / raw.count(), within(1e-10 * scale));
  }

  @Property(tries = 50)
  void shouldGiveTheShareOfTheVarianceThatPredictionsOfEachTokenExplain(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 20) int width,
      @ForAll @IntRange(min = -3, max = 5) int decade)
      throws UnsolvableException {
    RawTokens raw = new RawTokens(seed, ~seed, width, 20, 31, 12);
    LayerStatistics statistics = raw.statistics(0);
    double[] w = ridge(statistics, Math.pow(10, decade));

    Fitted fitted = new Fitted(statistics, w);

    assertThat(fitted.separability())
        .hasSize(3)
        .satisfies(
            shares -> {
              double[] expected = raw.shares(w);
              for (int j = 0; j < expected.length; j++) {
                assertThat(shares.get(j)).isCloseTo(expected[j], within(1e-9));
                assertThat(shares.get(j)).isLessThan(1);
              }
            });
  }

  @Test
  void shouldTellDomainsThatLieFarApartFromThoseThatLieTogether() throws UnsolvableException {
    // The first feature is the domain; then it says nothing.
    double[] a = {100, 0, 0, 100};
    double[] apart = {50, -50, 50, 50};
    double[] together = {0, 0, 50, 50};

    double separable =
        new Fitted(new LayerStatistics(0, 2, 2, a, apart), new double[] {0.5, -0.5, 0.5, 0.5})
            .separability()
            .get(0);

    assertThat(separable).isEqualTo(1);
    assertThat(
            new Fitted(new LayerStatistics(0, 2, 2, a, together), new double[] {0, 0, 0.5, 0.5})
                .separability())
        .containsExactly(0.0, 0.0);
  }

  @Test
  void shouldGiveZeroWhereThereIsNothingToTellApart() {
    LayerStatistics alone = new RawTokens(1, 2, 4, 25, 0).statistics(0);

    Fitted fitted = new Fitted(alone, new double[10]);

    assertThat(fitted.separability()).containsExactly(0.0, 0.0);
  }

  @Test
  void shouldGiveLessThanZeroWhereAPenaltyShrinksTheInterceptToo() throws UnsolvableException {
    LayerStatistics statistics = new RawTokens(1, 2, 4, 25, 25).statistics(0);

    Fitted fitted = new Fitted(statistics, ridge(statistics, 1e9));

    // All columns are nearly zero: RSS is n_j, and TSS half of it.
    assertThat(fitted.separability())
        .allSatisfy(share -> assertThat(share).isCloseTo(-1.0, within(1e-3)));
  }
}
