package io.dume.solver;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SolveProfileTest {
  @Test
  void shouldLeaveOnlySmallMatricesToEjmlWhereNobodyChooses() {
    SolveProfile fast = SolveProfile.openBlas().orElseThrow();

    SolveProfile small = SolveProfile.resolve(FactorisationChoice.AUTO, 257);
    SolveProfile large = SolveProfile.resolve(FactorisationChoice.AUTO, 258);

    assertThat(small).isEqualTo(SolveProfile.EJML);
    assertThat(large).isEqualTo(fast);
  }

  @Test
  void shouldDoWhatIsChosenAtAnySize() {
    SolveProfile fast = SolveProfile.openBlas().orElseThrow();

    assertThat(SolveProfile.resolve(FactorisationChoice.EJML, 5000)).isEqualTo(SolveProfile.EJML);
    assertThat(SolveProfile.resolve(FactorisationChoice.OPENBLAS, 2)).isEqualTo(fast);
  }
}
