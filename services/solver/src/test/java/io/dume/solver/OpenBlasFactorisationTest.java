package io.dume.solver;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OpenBlasFactorisationTest extends FactorisationCheck {
  @Override
  Factorisation open() {
    return new OpenBlasFactorisation();
  }

  @Test
  void shouldReportTheCoreTypeInUse() {
    assertThat(SolveProfile.openBlas())
        .hasValueSatisfying(
            profile -> {
              assertThat(profile.factorisation()).isEqualTo("openblas");
              assertThat(profile.coreType()).isNotBlank().isNotEqualTo("portable");
            });
  }

  @Test
  void shouldAgreeWithEjmlToRounding() {
    LayerStatistics system = RandomSystems.statistics(11, 200, 5, 900);
    double[] portable = new double[system.b().length];
    double[] fast = new double[system.b().length];

    try (Factorisation ejml = new EjmlFactorisation();
        Factorisation openBlas = open()) {
      ejml.put(system.a(), system.size());
      ejml.factor(0.01);
      ejml.solve(system.b(), 5, portable);
      openBlas.put(system.a(), system.size());
      openBlas.factor(0.01);
      openBlas.solve(system.b(), 5, fast);
    }

    assertThat(RandomSystems.relativeDifference(portable, fast)).isLessThan(1e-11);
  }
}
