package io.dume.administration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PenaltyTest {
  @ParameterizedTest
  @ValueSource(doubles = {-0.5, Double.NaN, Double.POSITIVE_INFINITY})
  void shouldRefuseWhatIsNoPenalty(double lambda) {
    assertThatIllegalArgumentException().isThrownBy(() -> Penalty.of(lambda));
  }

  @Test
  void shouldNotBothBeGivenAndChosen() {
    assertThatIllegalArgumentException().isThrownBy(() -> new Penalty(Optional.of(1.0), true));
    assertThat(Penalty.of(0).fixed()).contains(0.0);
  }
}
