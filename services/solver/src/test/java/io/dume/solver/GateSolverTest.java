package io.dume.solver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class GateSolverTest {

  @Test
  void shouldGiveTheBitsOfTheService() throws Exception {
    LayerStatistics statistics = RandomSystems.statistics(5, 20, 3, 200);
    LayerSolver.Solution expected;
    try (LayerSolver service = RandomSystems.solver(new EjmlFactorisation(), statistics)) {
      expected = service.solve(RightHandSides.of(statistics), 0.5);
    }

    GateSolver.Gate gate;
    try (GateSolver solver = GateSolver.open(FactorisationChoice.AUTO, 21)) {
      gate = solver.solve(statistics, 0.5);
    }

    assertThat(gate.weight()).containsExactly(expected.gate().weight());
    assertThat(gate.bias()).containsExactly(expected.gate().bias());
    assertThat(gate.unscaled()).containsExactly(expected.w());
  }

  @Test
  void shouldSayWhyALayerCannotBeSolved() {
    LayerStatistics nothing = new LayerStatistics(7, 3, 2, new double[9], new double[6]);

    try (GateSolver solver = GateSolver.open(FactorisationChoice.EJML, 3)) {
      assertThatThrownBy(() -> solver.solve(nothing, 0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("layer 7", "not positive definite");
    }
  }
}
