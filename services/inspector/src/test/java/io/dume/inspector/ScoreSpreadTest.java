package io.dume.inspector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.junit.jupiter.api.Test;

class ScoreSpreadTest {

  /** Scores lose nothing that a linear rule could know: the reason for looking at them alone. */
  @Property(tries = 50)
  void shouldFindTheDistancesOfTheFeaturesInTheScoresAlone(
      @ForAll long seed, @ForAll @IntRange(min = 2, max = 6) int experts) {
    Layer layer = new Layer(seed, experts, 8, 200);

    double[][] distances = layer.spread().distances();

    for (int i = 0; i < experts; i++) {
      for (int j = 0; j < experts; j++) {
        assertThat(distances[i][j])
            .as("%d and %d", i, j)
            .isCloseTo(layer.distanceOfFeatures(i, j), within(1e-4));
      }
    }
  }

  @Test
  void shouldExpectTheConfusionThatThereIs() {
    Layer layer = new Layer(3, 4, 10, 5000);

    double[][] expected = layer.spread().confusion(layer.norms(), 20_000);

    double[][] counted = layer.confusion();
    for (int i = 0; i < 4; i++) {
      assertThat(expected[i]).containsExactly(counted[i], within(0.03));
    }
  }

  @Test
  void shouldDrawTheSameForTheSameNumbers() {
    Layer layer = new Layer(4, 3, 5, 100);

    double[][] first = layer.spread().confusion(layer.norms(), 1000);

    assertThat(layer.spread().confusion(layer.norms(), 1000)).isDeepEqualTo(first);
  }

  @Test
  void shouldRefuseNumbersThatDoNotFit() {
    assertThatThrownBy(() -> ScoreSpread.of(new double[] {1, 2}, new double[4], new double[3]))
        .hasMessageContainingAll("4 sums", "3 products", "2 experts");
    assertThatThrownBy(() -> ScoreSpread.of(new double[] {1, 0}, new double[4], new double[4]))
        .hasMessageContaining("expert 1 has no tokens");
  }

  /**
   * Normally distributed features of some experts, and a ridge regression of next to no penalty.
   */
  private static final class Layer {
    private final int experts;
    private final int width;
    private final double[][][] features;
    private final DMatrixRMaj a;
    private final DMatrixRMaj b;
    private final DMatrixRMaj w;

    Layer(long seed, int experts, int width, int tokens) {
      this.experts = experts;
      this.width = width;
      Random random = new Random(seed);
      features = new double[experts][tokens][width + 1];
      a = new DMatrixRMaj(width + 1, width + 1);
      b = new DMatrixRMaj(width + 1, experts);
      w = new DMatrixRMaj(width + 1, experts);
      for (int e = 0; e < experts; e++) {
        double[] mean = random.doubles(width, -0.7, 0.7).toArray();
        for (double[] x : features[e]) {
          for (int i = 0; i < width; i++) {
            x[i] = mean[i] + (1 + 0.1 * i) * random.nextGaussian();
          }
          x[width] = 1;
          for (int i = 0; i <= width; i++) {
            b.add(i, e, x[i]);
            for (int j = 0; j <= width; j++) {
              a.add(i, j, x[i] * x[j]);
            }
          }
        }
      }
      DMatrixRMaj penalised = a.copy();
      for (int i = 0; i <= width; i++) {
        penalised.add(i, i, 1e-9);
      }
      CommonOps_DDRM.solve(penalised, b, w);
    }

    ScoreSpread spread() {
      double[] tokens = new double[experts];
      for (int e = 0; e < experts; e++) {
        tokens[e] = b.get(width, e);
      }
      DMatrixRMaj sums = new DMatrixRMaj(experts, experts);
      CommonOps_DDRM.multTransA(w, b, sums);
      DMatrixRMaj scored = new DMatrixRMaj(width + 1, experts);
      CommonOps_DDRM.mult(a, w, scored);
      DMatrixRMaj products = new DMatrixRMaj(experts, experts);
      CommonOps_DDRM.multTransA(w, scored, products);
      return ScoreSpread.of(tokens, sums.data, products.data);
    }

    double[] norms() {
      double[] norms = new double[experts];
      for (int e = 0; e < experts; e++) {
        for (int i = 0; i < width; i++) {
          norms[e] += w.get(i, e) * w.get(i, e);
        }
        norms[e] = Math.sqrt(norms[e]);
      }
      return norms;
    }

    double distanceOfFeatures(int first, int second) {
      DMatrixRMaj within = a.copy();
      DMatrixRMaj between = new DMatrixRMaj(width, 1);
      DMatrixRMaj solved = new DMatrixRMaj(width, 1);
      double all = 0;
      for (int e = 0; e < experts; e++) {
        double n = b.get(width, e);
        all += n;
        for (int i = 0; i < width; i++) {
          for (int j = 0; j < width; j++) {
            within.add(i, j, -b.get(i, e) * b.get(j, e) / n);
          }
        }
      }
      DMatrixRMaj features = CommonOps_DDRM.extract(within, 0, width, 0, width);
      CommonOps_DDRM.divide(features, all);
      for (int i = 0; i < width; i++) {
        between.set(
            i, b.get(i, first) / b.get(width, first) - b.get(i, second) / b.get(width, second));
      }
      CommonOps_DDRM.solve(features, between, solved);
      return Math.sqrt(CommonOps_DDRM.dot(between, solved));
    }

    double[][] confusion() {
      double[] norms = norms();
      double[][] shares = new double[experts][experts];
      for (int e = 0; e < experts; e++) {
        for (double[] x : features[e]) {
          int best = 0;
          double highest = Double.NEGATIVE_INFINITY;
          for (int i = 0; i < experts; i++) {
            double score = 0;
            for (int k = 0; k <= width; k++) {
              score += w.get(k, i) * x[k];
            }
            if (score / norms[i] > highest) {
              highest = score / norms[i];
              best = i;
            }
          }
          shares[e][best] += 1.0 / features[e].length;
        }
      }
      return shares;
    }
  }
}
