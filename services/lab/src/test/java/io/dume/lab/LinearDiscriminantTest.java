package io.dume.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.dume.solver.LayerStatistics;
import org.junit.jupiter.api.Test;

class LinearDiscriminantTest {

  @Test
  void shouldBeTheRatioOfTwoNormalDistributions() {
    // Given two domains of means (1, 0) and (-1, 2), with the same spread around them: ±(2, 0),
    // ±(0, 1)
    double[][] first = {{3, 0}, {-1, 0}, {1, 1}, {1, -1}};
    double[][] second = {{1, 2}, {-3, 2}, {-1, 3}, {-1, 1}};
    LayerStatistics statistics = statistics(first, second);

    // When
    LinearDiscriminant discriminant = LinearDiscriminant.of(statistics, false);

    // Then: covariance diag(2, 1/2), its inverse diag(1/2, 2)
    assertThat(discriminant.weight())
        .containsExactly(new float[] {0.5f, 0, -0.5f, 4}, within(1e-4f));
    assertThat(discriminant.bias()).containsExactly(new float[] {-0.25f, -4.25f}, within(1e-4f));
  }

  @Test
  void shouldExpectWhatIsMoreFrequentWherePriorsAreAskedFor() {
    double[][] first = {{3, 0}, {-1, 0}, {1, 1}, {1, -1}, {3, 0}, {-1, 0}, {1, 1}, {1, -1}};
    double[][] second = {{1, 2}, {-3, 2}, {-1, 3}, {-1, 1}};

    LinearDiscriminant discriminant = LinearDiscriminant.of(statistics(first, second), true);

    float[] bias = {(float) (-0.25 + Math.log(2 / 3.0)), (float) (-4.25 + Math.log(1 / 3.0))};
    assertThat(discriminant.bias()).containsExactly(bias, within(1e-4f));
    assertThat(discriminant.weight())
        .containsExactly(new float[] {0.5f, 0, -0.5f, 4}, within(1e-4f));
  }

  @Test
  void shouldRefuseStatisticsWithoutAnySpread() {
    LayerStatistics flat = statistics(new double[][] {{1, 0}}, new double[][] {{0, 1}});

    assertThatThrownBy(() -> LinearDiscriminant.of(flat, false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("layer 0");
  }

  private static LayerStatistics statistics(double[][]... domains) {
    double[] a = new double[9];
    double[] b = new double[3 * domains.length];
    for (int e = 0; e < domains.length; e++) {
      for (double[] point : domains[e]) {
        double[] x = {point[0], point[1], 1};
        for (int i = 0; i < 3; i++) {
          b[i * domains.length + e] += x[i];
          for (int j = 0; j < 3; j++) {
            a[i * 3 + j] += x[i] * x[j];
          }
        }
      }
    }
    return new LayerStatistics(0, 3, domains.length, a, b);
  }
}
