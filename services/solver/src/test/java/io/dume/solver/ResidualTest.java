package io.dume.solver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class ResidualTest {
  private static double estimate(LayerStatistics system, double lambda, double[] w) {
    double[] signed = Residual.signed(w, system.size(), system.experts());
    double[] product = new double[system.size()];
    Fitted.multiply(system.a(), system.size(), signed, 1, product);
    return Residual.of(system.b(), system.experts(), lambda, signed, product);
  }

  /** ||(A + λI) W - b||_F / ||b||_F, value by value. */
  private static double exact(LayerStatistics system, double lambda, double[] w) {
    int n = system.size();
    int experts = system.experts();
    double difference = 0;
    double target = 0;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < experts; j++) {
        double missed = lambda * w[i * experts + j] - system.b()[i * experts + j];
        for (int k = 0; k < n; k++) {
          missed += system.a()[i * n + k] * w[k * experts + j];
        }
        difference += missed * missed;
        target += system.b()[i * experts + j] * system.b()[i * experts + j];
      }
    }
    return Math.sqrt(difference / target);
  }

  @Property(tries = 30)
  void shouldBeExactForOneColumn(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 60) int width) {
    LayerStatistics system = RandomSystems.statistics(seed, width, 1, 2 * width + 10);
    double[] w = new Random(seed).doubles(system.size(), -1, 1).toArray();

    double estimate = estimate(system, 0.5, w);

    assertThat(estimate).isCloseTo(exact(system, 0.5, w), Percentage.withPercentage(1e-8));
  }

  @Property(tries = 30)
  void shouldBeExactWhereOneColumnAloneIsWrong(
      @ForAll long seed, @ForAll @IntRange(min = 0, max = 4) int wrong) throws Exception {
    LayerStatistics system = RandomSystems.statistics(seed, 40, 5, 200);
    double[] w;
    try (LayerSolver solver = RandomSystems.solver(new EjmlFactorisation(), system)) {
      w = solver.solve(RightHandSides.of(system), 0.5).w();
    }
    for (int i = 0; i < system.size(); i++) {
      w[i * 5 + wrong] += 0.1;
    }

    double estimate = estimate(system, 0.5, w);

    assertThat(estimate).isCloseTo(exact(system, 0.5, w), Percentage.withPercentage(1e-6));
  }

  @Property(tries = 30)
  void shouldBeOfTheSizeOfTheResidualWhereAllColumnsAreOff(@ForAll long seed) {
    LayerStatistics system = RandomSystems.statistics(seed, 300, 5, 900);
    // The columns of (A + λI) W - b are independent random numbers.
    double[] w = new double[system.b().length];
    Random random = new Random(seed);
    LayerStatistics off =
        new LayerStatistics(
            0, system.size(), 5, system.a(), random.doubles(system.b().length, -1, 1).toArray());

    double estimate = estimate(off, 0.5, w);

    assertThat(estimate).isCloseTo(exact(off, 0.5, w), within(0.3));
  }

  @Test
  void shouldNotBeANumberWhereTheSolutionHasOneThatIsNone() {
    LayerStatistics system = RandomSystems.statistics(1, 10, 3, 30);
    double[] w = new double[system.b().length];
    w[7] = Double.NaN;

    double estimate = estimate(system, 0.5, w);

    assertThat(estimate).isNaN();
  }
}
