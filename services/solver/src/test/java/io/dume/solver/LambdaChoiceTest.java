package io.dume.solver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LambdaChoiceTest {
  @Test
  void shouldReadANumberOrAuto() {
    assertThat(LambdaChoice.parse("1e-3").value()).contains(0.001);
    assertThat(LambdaChoice.parse("auto")).isEqualTo(LambdaChoice.AUTO);
    assertThat(LambdaChoice.AUTO.value()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "NaN", "Infinity", "much", ""})
  void shouldNameWhatItCantRead(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LambdaChoice.parse(text))
        .withMessageContaining(text)
        .withMessageContaining("give a number that is not negative");
  }
}
