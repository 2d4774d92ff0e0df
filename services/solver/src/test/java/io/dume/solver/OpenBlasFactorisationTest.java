package io.dume.solver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.bytedeco.javacpp.Pointer;
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

  @Test
  void shouldNameTheSizeAndTheRemedyWhereThereIsNoMemory() {
    // More than any processor can address.
    int n = 1 << 23;

    try (Factorisation factorisation = open()) {
      assertThatExceptionOfType(IllegalStateException.class)
          .isThrownBy(() -> factorisation.begin(n))
          .withMessageContaining("n = 8388608")
          .withMessageContaining("--solver-threads");

      factorisation.put(new double[] {4, 2, 2, 10}, 2);
      assertThat(factorisation.factor(0)).isTrue();
    }
  }

  @Test
  void shouldHaveNoLimitsOfJavaCppBelowThoseOfTheProcess() {
    assertThat(OpenBlas.coreType()).isPresent();

    assertThat(Pointer.maxBytes()).isZero();
    assertThat(Pointer.maxPhysicalBytes()).isZero();
  }
}
