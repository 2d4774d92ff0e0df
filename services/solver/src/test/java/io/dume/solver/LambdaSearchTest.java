package io.dume.solver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import io.dume.schemas.message.LambdaError;
import io.dume.solver.LambdaSearch.Trial;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class LambdaSearchTest {
  private static final List<Double> DECADES = LambdaChoice.Auto.CANDIDATES;

  /** A layer's training and held-out statistics. */
  private record Layer(LayerStatistics training, LayerStatistics heldOut) {}

  private static List<List<Trial>> trials(List<Layer> layers) {
    return trials(layers, true);
  }

  private static List<List<Trial>> trials(List<Layer> layers, boolean intercept) {
    return layers.stream().map(layer -> trials(layer, intercept)).toList();
  }

  private static List<Trial> trials(Layer layer, boolean intercept) {
    try (LayerSolver solver =
        RandomSystems.solver(new EjmlFactorisation(), layer.training(), intercept)) {
      return LambdaSearch.trials(
          new FoldedLayer<>(
              solver, RightHandSides.of(layer.training()), Optional.of(layer.heldOut())),
          Optional.empty());
    }
  }

  private static LayerSolver.Solution solve(LayerStatistics statistics, double lambda)
      throws UnsolvableException {
    return solve(statistics, lambda, true);
  }

  private static LayerSolver.Solution solve(
      LayerStatistics statistics, double lambda, boolean intercept) throws UnsolvableException {
    try (LayerSolver solver =
        RandomSystems.solver(new EjmlFactorisation(), statistics, intercept)) {
      return solver.solve(RightHandSides.of(statistics), lambda);
    }
  }

  private static Layer layer(RawTokens training, RawTokens heldOut, int layer) {
    return new Layer(training.statistics(layer), heldOut.statistics(layer));
  }

  @Property(tries = 20)
  void shouldChooseTheLambdaWithTheLeastErrorOverPredictionsOfEachHeldOutToken(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 24) int width,
      @ForAll @IntRange(min = 0, max = 9) int ofOneExpert,
      @ForAll boolean intercept)
      throws UnsolvableException {
    List<RawTokens> training = new ArrayList<>();
    List<RawTokens> heldOut = new ArrayList<>();
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      training.add(new RawTokens(seed + i, seed * 31 + i, width, 15, 20, 12));
      heldOut.add(new RawTokens(seed + i, ~seed * 31 + i, width, 9, ofOneExpert, 11));
      layers.add(layer(training.get(i), heldOut.get(i), i));
    }

    CutSolution solution = LambdaSearch.choose(trials(layers, intercept), Optional.empty());

    assertThat(solution.curve()).extracting(LambdaError::getLambda).isEqualTo(DECADES);
    for (LambdaError point : solution.curve()) {
      double sum = 0;
      for (int i = 0; i < 3; i++) {
        double[] w = solve(training.get(i).statistics(i), point.getLambda(), intercept).w();
        sum += Arrays.stream(heldOut.get(i).squaredErrors(w)).sum() / heldOut.get(i).count();
      }
      assertThat(point.getError()).isCloseTo(sum / 3, within(1e-9 * (1 + sum)));
      if (point.getLambda() == solution.lambda()) {
        assertThat(solution.curve())
            .allSatisfy(
                other -> assertThat(other.getError()).isGreaterThanOrEqualTo(point.getError()));
      }
    }
    assertThat(solution.curve()).extracting(LambdaError::getLambda).contains(solution.lambda());
  }

  @Property(tries = 20)
  void shouldGiveTheGatesThatTheChosenLambdaGivesAlone(@ForAll long seed)
      throws UnsolvableException {
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      layers.add(
          layer(
              new RawTokens(seed + i, seed, 12, 15, 20),
              new RawTokens(seed + i, ~seed, 12, 9, 9),
              i));
    }

    CutSolution solution = LambdaSearch.choose(trials(layers), Optional.empty());

    for (int i = 0; i < 2; i++) {
      assertThat(solution.gates().get(i))
          .usingRecursiveComparison()
          .isEqualTo(solve(layers.get(i).training(), solution.lambda()).gate());
    }
  }

  @Test
  void shouldLeaveOutALambdaThatOneLayerIsNotPositiveDefiniteWith() throws UnsolvableException {
    Layer well = layer(new RawTokens(1, 2, 1, 9, 9), new RawTokens(1, 3, 1, 5, 5), 0);
    // An eigenvalue of -0.05: definite from 0.1 on.
    Layer indefinite =
        new Layer(
            new LayerStatistics(1, 2, 2, new double[] {-0.05, 0, 0, 4}, new double[] {1, 1, 2, 2}),
            well.heldOut());

    CutSolution solution = LambdaSearch.choose(trials(List.of(well, indefinite)), Optional.empty());

    assertThat(solution.curve())
        .extracting(LambdaError::getLambda)
        .containsExactly(0.1, 1.0, 1e1, 1e2, 1e3, 1e4);
    assertThat(solution.lambda()).isGreaterThanOrEqualTo(0.1);
    assertThat(solution.gates()).extracting(LayerGate::layer).containsExactly(0, 1);
  }

  @Test
  void shouldRefuseWhereNoLambdaWorksInAllLayers() {
    Layer well = layer(new RawTokens(1, 2, 1, 9, 9), new RawTokens(1, 3, 1, 5, 5), 0);
    Layer broken =
        new Layer(
            new LayerStatistics(1, 2, 2, new double[] {-1e9, 0, 0, 4}, new double[] {1, 1, 2, 2}),
            well.heldOut());

    assertThatExceptionOfType(UnsolvableException.class)
        .isThrownBy(() -> LambdaSearch.choose(trials(List.of(well, broken)), Optional.empty()))
        .withMessageContaining("none of the values")
        .withMessageContaining("layer 1");
  }

  @Test
  void shouldTakeTheSmallestOfEquallyGoodOnes() throws UnsolvableException {
    LayerGate gate =
        new LayerGate(
            0,
            new float[1],
            new float[1],
            0,
            1,
            List.of(),
            List.of(0.0),
            new ScoreSums(List.of(1.0), List.of(), List.of(), List.of()));
    List<Trial> level = DECADES.stream().<Trial>map(l -> new Trial.Worked(gate, 0.5)).toList();

    CutSolution solution = LambdaSearch.choose(List.of(level), Optional.empty());

    assertThat(solution.lambda()).isEqualTo(1e-6);
  }
}
