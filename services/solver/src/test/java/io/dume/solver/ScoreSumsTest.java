package io.dume.solver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class ScoreSumsTest {

  @Property(tries = 40)
  void shouldBeTheScoresOfTheTokensAddedUp(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 30) int width,
      @ForAll @IntRange(min = -2, max = 2) int decade)
      throws UnsolvableException {
    LayerStatistics system = RandomSystems.statistics(seed, width, 4, 3 * width + 10);
    double lambda = Math.pow(10, decade);
    LayerSolver.Solution solution = solve(system, lambda);
    double[] w = solution.w();

    ScoreSums scores = solution.gate().scores();

    double[] product = new double[w.length];
    Fitted.multiply(system.a(), system.size(), w, 4, product);
    double[] sums = transposed(w, system.b(), 4);
    double[] products = transposed(w, product, 4);
    assertThat(array(scores.sums())).containsExactly(sums, close(sums));
    assertThat(array(scores.products())).containsExactly(products, close(products));
    assertThat(scores.earlier()).isEmpty();
  }

  @Property(tries = 20)
  void shouldScoreTheSameTokensAlikeByTheSameGate(@ForAll long seed) throws UnsolvableException {
    LayerStatistics system = RandomSystems.statistics(seed, 12, 3, 60);
    LayerGate gate = solve(system, 0.1).gate();

    ScoreSums compared = gate.scores().comparedWith(gate, RightHandSides.of(system));

    double[] sums = array(gate.scores().sums());
    double scale = Arrays.stream(sums).map(Math::abs).max().orElseThrow();
    // Gates are published in float32.
    assertThat(array(compared.earlier())).containsExactly(sums, within(1e-5 * scale));
    assertThat(compared.sums()).isEqualTo(gate.scores().sums());
  }

  @Test
  void shouldNotCompareWithNormsThatLeadBeyondAllNumbers() throws UnsolvableException {
    LayerStatistics system = RandomSystems.statistics(1, 12, 3, 60);
    LayerGate gate = solve(system, 0.1).gate();
    ScoreSums scores = gate.scores();
    LayerGate forged =
        new LayerGate(
            gate.layer(),
            gate.weight(),
            gate.bias(),
            gate.residual(),
            gate.smallestPivot(),
            gate.zeroColumns(),
            gate.separability(),
            new ScoreSums(List.of(1.0, 1e308, 1.0), scores.sums(), scores.products(), List.of()));
    forged.weight()[12] = 1e30f;

    ScoreSums compared = scores.comparedWith(forged, RightHandSides.of(system));

    assertThat(compared).isEqualTo(scores);
    assertThat(compared.earlier()).isEmpty();
  }

  @Test
  void shouldBeLeftOutWhereTheirSquaresWouldOutweighTheGates() throws UnsolvableException {
    LayerStatistics system = RandomSystems.statistics(1, 4, ScoreSums.MOST_EXPERTS + 1, 200);

    ScoreSums scores = solve(system, 0.1).gate().scores();

    assertThat(scores.norms()).hasSize(ScoreSums.MOST_EXPERTS + 1);
    assertThat(scores.sums()).isEmpty();
    assertThat(scores.products()).isEmpty();
  }

  private static LayerSolver.Solution solve(LayerStatistics system, double lambda)
      throws UnsolvableException {
    try (LayerSolver solver = RandomSystems.solver(new EjmlFactorisation(), system)) {
      return solver.solve(RightHandSides.of(system), lambda);
    }
  }

  private static double[] transposed(double[] x, double[] y, int columns) {
    double[] product = new double[columns * columns];
    for (int k = 0; k < x.length / columns; k++) {
      for (int i = 0; i < columns; i++) {
        for (int j = 0; j < columns; j++) {
          product[i * columns + j] += x[k * columns + i] * y[k * columns + j];
        }
      }
    }
    return product;
  }

  private static Offset<Double> close(double[] values) {
    return within(1e-8 * Arrays.stream(values).map(Math::abs).max().orElseThrow());
  }

  private static double[] array(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
