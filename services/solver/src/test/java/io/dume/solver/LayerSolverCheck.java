package io.dume.solver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What solving a layer must give whichever library factors; one subclass for each. */
abstract class LayerSolverCheck {
  abstract Factorisation open();

  private LayerSolver.Solution solution(LayerStatistics statistics, double lambda)
      throws UnsolvableException {
    try (LayerSolver solver = RandomSystems.solver(open(), statistics)) {
      return solver.solve(RightHandSides.of(statistics), lambda);
    }
  }

  private LayerGate solve(LayerStatistics statistics, double lambda) throws UnsolvableException {
    return solution(statistics, lambda).gate();
  }

  /** The features of a layer with no 1 appended. */
  private static double[] leading(double[] rows, int width, int columns, int of) {
    double[] block = new double[width * columns];
    for (int i = 0; i < width; i++) {
      System.arraycopy(rows, i * of, block, i * columns, columns);
    }
    return block;
  }

  /** Puts A as tiles give it: pieces of rows, fixed point. */
  private static void putInPieces(LayerSolver solver, double[] a, int n, int piece) {
    solver.begin(n);
    for (int i = 0; i < n; i++) {
      for (int from = i; from < n; from += piece) {
        int count = Math.min(piece, n - from);
        ByteBuffer fixed = ByteBuffer.allocate(8 * count).order(ByteOrder.LITTLE_ENDIAN);
        for (int j = 0; j < count; j++) {
          fixed.putLong(Math.round(a[i * n + from + j] * 0x1p20));
        }
        solver.put(i, from, fixed.array(), 0, count, 0x1p-20);
      }
    }
  }

  @Property(tries = 40)
  void shouldSolveTheFeaturesAloneWhereThereIsNoIntercept(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 70) int width,
      @ForAll @IntRange(min = 1, max = 5) int experts,
      @ForAll @IntRange(min = 1, max = 80) int piece,
      @ForAll @DoubleRange(min = 0.01, max = 1000) double lambda)
      throws UnsolvableException {
    LayerStatistics tokens = RandomSystems.statistics(seed, width, experts, 2 * width + 20);
    int n = tokens.size();
    for (int i = 0; i < tokens.a().length; i++) {
      tokens.a()[i] = Math.round(tokens.a()[i] * 0x1p20) * 0x1p-20;
    }
    double[] block = leading(tokens.a(), width, width, n);
    double[] direct =
        FoldedStatistics.eliminate(
            block.clone(), leading(tokens.b(), width, experts, experts), width, experts, lambda);

    LayerSolver.Solution solution;
    try (LayerSolver solver = new LayerSolver(open(), false)) {
      putInPieces(solver, tokens.a(), n, piece);
      solution = solver.solve(RightHandSides.of(tokens), lambda);
    }

    double[] w = solution.w();
    assertThat(RandomSystems.relativeDifference(direct, Arrays.copyOf(w, width * experts)))
        .isLessThan(1e-10);
    assertThat(Arrays.copyOfRange(w, width * experts, n * experts)).containsOnly(0);
    LayerGate gate = solution.gate();
    assertThat(gate.bias()).containsOnly(0f);
    assertThat(gate.residual()).isLessThan(1e-12);
    try (Factorisation alone = open()) {
      alone.put(block, width);
      assertThat(alone.factor(lambda)).isTrue();
      assertThat(gate.smallestPivot()).isEqualTo(alone.smallestPivot());
    }
    Fitted fitted = new Fitted(tokens, w);
    for (int j = 0; j < experts; j++) {
      assertThat(gate.separability().get(j)).isCloseTo(fitted.separability().get(j), within(1e-8));
    }
    double[] product = new double[w.length];
    Fitted.multiply(tokens.a(), n, w, experts, product);
    for (int i = 0; i < experts; i++) {
      double square = 0;
      for (int k = 0; k < n; k++) {
        square += w[k * experts + i] * product[k * experts + i];
      }
      assertThat(gate.scores().products().get(i * experts + i))
          .isCloseTo(square, within(1e-8 * (1 + square)));
    }
  }

  @Test
  void shouldCountTheFailingPivotAmongTheFeaturesWhereThereIsNoIntercept() {
    LayerStatistics statistics =
        new LayerStatistics(
            5, 3, 1, new double[] {1, 2, 1, 2, 1, 1, 1, 1, 4}, new double[] {1, 1, 4});

    assertThatExceptionOfType(UnsolvableException.class)
        .isThrownBy(
            () -> {
              try (LayerSolver solver = RandomSystems.solver(open(), statistics, false)) {
                solver.solve(RightHandSides.of(statistics), 0.5);
              }
            })
        .withMessageContaining("pivot 1 of 2")
        .withMessageContaining("-1.1666");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void shouldAgreeWithTheOracle(int layer) throws Exception {
    SafetensorsFixture golden = new SafetensorsFixture("/golden/solve.safetensors");
    LayerStatistics statistics =
        new LayerStatistics(layer, 49, 3, golden.slice("A", layer), golden.slice("b", layer));

    LayerSolver.Solution solution = solution(statistics, 0.01);

    LayerGate gate = solution.gate();
    assertThat(RandomSystems.relativeDifference(golden.slice("W", layer), solution.w()))
        .isLessThan(1e-10);
    assertFloatsOf(golden.slice("gate.weight", layer), gate.weight());
    assertFloatsOf(golden.slice("gate.bias", layer), gate.bias());
    assertThat(gate.layer()).isEqualTo(layer);
    assertThat(gate.residual()).isLessThan(1e-12);
    assertThat(gate.zeroColumns()).isEmpty();
  }

  /** The floats must be those nearest to the oracle's doubles, up to one unit in the last place. */
  private static void assertFloatsOf(double[] expected, float[] actual) {
    assertThat(actual).hasSize(expected.length);
    for (int i = 0; i < expected.length; i++) {
      assertThat(Math.abs(actual[i] - expected[i]))
          .as("value %d: %s for %s", i, actual[i], expected[i])
          .isLessThanOrEqualTo(Math.ulp((float) expected[i]));
    }
  }

  @Property(tries = 30)
  void shouldGiveColumnsOfNormOneAndASmallResidual(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 90) int width,
      @ForAll @IntRange(min = 2, max = 6) int experts)
      throws UnsolvableException {
    LayerStatistics statistics = RandomSystems.statistics(seed, width, experts, 2 * width + 20);

    LayerGate gate = solve(statistics, 0.01);

    for (int j = 0; j < experts; j++) {
      double squares = 0;
      for (int i = 0; i < width; i++) {
        squares += (double) gate.weight()[j * width + i] * gate.weight()[j * width + i];
      }
      assertThat(Math.sqrt(squares)).isBetween(1 - 1e-6, 1 + 1e-6);
    }
    assertThat(gate.residual()).isLessThan(1e-9);
    assertThat(gate.smallestPivot()).isPositive();
  }

  @Property(tries = 30)
  void shouldPermuteTheGateWithTheExperts(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 60) int width)
      throws UnsolvableException {
    LayerStatistics statistics = RandomSystems.statistics(seed, width, 3, 2 * width + 20);
    int[] order = {2, 0, 1};
    double[] permuted = new double[statistics.b().length];
    for (int i = 0; i < statistics.size(); i++) {
      for (int j = 0; j < 3; j++) {
        permuted[i * 3 + j] = statistics.b()[i * 3 + order[j]];
      }
    }

    LayerGate before = solve(statistics, 0.01);
    LayerGate after =
        solve(new LayerStatistics(0, statistics.size(), 3, statistics.a(), permuted), 0.01);

    for (int j = 0; j < 3; j++) {
      assertThat(after.bias()[j]).isCloseTo(before.bias()[order[j]], offset(before.bias(), 1e-5f));
      for (int i = 0; i < width; i++) {
        assertThat(after.weight()[j * width + i])
            .isCloseTo(before.weight()[order[j] * width + i], offset(before.weight(), 1e-5f));
      }
    }
  }

  @Property(tries = 30)
  void shouldNotChangeTheGateWhenEverythingIsScaledByAPowerOfTwo(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 60) int width,
      @ForAll @IntRange(min = -20, max = 20) int exponent)
      throws UnsolvableException {
    LayerStatistics statistics = RandomSystems.statistics(seed, width, 2, 2 * width + 20);
    double scale = Math.scalb(1.0, exponent);
    double[] a = statistics.a().clone();
    double[] b = statistics.b().clone();
    for (int i = 0; i < a.length; i++) {
      a[i] *= scale * scale;
    }
    for (int i = 0; i < b.length; i++) {
      b[i] *= scale;
    }

    LayerGate before = solve(statistics, 0.25);
    LayerGate after =
        solve(new LayerStatistics(0, statistics.size(), 2, a, b), 0.25 * scale * scale);

    assertThat(after.weight()).isEqualTo(before.weight());
    assertThat(after.bias()).isEqualTo(before.bias());
  }

  @Property(tries = 30)
  void shouldShrinkTheSolutionAsLambdaGrows(
      @ForAll long seed, @ForAll @DoubleRange(min = 0.01, max = 1000) double lambda)
      throws UnsolvableException {
    LayerStatistics statistics = RandomSystems.statistics(seed, 20, 2, 60);

    double[] loose = solution(statistics, lambda).w();
    double[] tight = solution(statistics, 10 * lambda).w();

    assertThat(norm(tight)).isLessThan(norm(loose));
  }

  @Test
  void shouldListAColumnOfZerosAndKeepTheGateFinite() throws Exception {
    // Features are all zero for the second expert's targets: only its intercept is left.
    double[] a = {4, 0, 0, 0, 4, 0, 0, 0, 8};
    double[] b = {1, 0, 2, 0, 4, 4};
    LayerStatistics statistics = new LayerStatistics(3, 3, 2, a, b);

    LayerGate gate = solve(statistics, 0);

    assertThat(gate.zeroColumns()).containsExactly(1);
    assertThat(gate.weight()[2]).isZero();
    assertThat(gate.weight()[3]).isZero();
    assertThat(gate.bias()[1]).isEqualTo(0.5e6f);
  }

  @Test
  void shouldRefuseAMatrixThatIsNotPositiveDefiniteNamingLayerPivotAndLambda() {
    LayerStatistics statistics =
        new LayerStatistics(5, 2, 1, new double[] {1, 2, 2, 1}, new double[] {1, 1});

    assertThatExceptionOfType(UnsolvableException.class)
        .isThrownBy(() -> solve(statistics, 0.5))
        .withMessageContaining("layer 5")
        .withMessageContaining("λ = 0.5")
        .withMessageContaining("pivot 1")
        .withMessageContaining("-1.1666");
  }

  @Test
  void shouldRefuseStatisticsOfNoTokensWithoutAPenalty() {
    LayerStatistics statistics = new LayerStatistics(0, 3, 2, new double[9], new double[6]);

    assertThatExceptionOfType(UnsolvableException.class)
        .isThrownBy(() -> solve(statistics, 0))
        .withMessageContaining("pivot 0 of 3 is 0.0");
  }

  @Test
  void shouldRefuseAGateThatFloatsCannotHold() {
    // The weights' norm is 1e-60 of the intercept.
    double[] a = {1e60, 0, 0, 1};
    double[] b = {1, 1};

    assertThatExceptionOfType(UnsolvableException.class)
        .isThrownBy(() -> solve(new LayerStatistics(2, 2, 1, a, b), 0))
        .withMessageContaining("layer 2")
        .withMessageContaining("Infinity");
  }

  @Test
  void shouldRefuseStatisticsThatAreNotNumbersInsteadOfPassingThemOn() throws IOException {
    double[] a = {Double.NaN, 0, 0, 1};

    assertThatExceptionOfType(UnsolvableException.class)
        .isThrownBy(() -> solve(new LayerStatistics(1, 2, 1, a, new double[] {1, 1}), 0.01))
        .withMessageContaining("layer 1");
  }

  private static Offset<Float> offset(float[] values, float relative) {
    float largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return Offset.offset(relative * largest);
  }

  private static double norm(double[] values) {
    double squares = 0;
    for (double value : values) {
      squares += value * value;
    }
    return Math.sqrt(squares);
  }
}
