package io.dume.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AnswersTest {

  @Test
  void shouldBeTheMeanOfTheSeedsWithTheirSpread() {
    Answers answers =
        new Answers(
            Map.of("math", 10, "code", 10),
            Map.of("math", 0.5, "code", 0.0),
            Map.of(
                Method.BTX,
                List.of(Map.of("math", 0.5, "code", 0.1), Map.of("math", 0.3, "code", 0.0))));

    assertThat(answers.accuracy(Method.BTX, "math")).isCloseTo(0.4, within(1e-12));
    assertThat(answers.normalised(Method.BTX, "math")).isCloseTo(0.8, within(1e-12));
    // The expert that had none right counts as if it had one of the ten.
    assertThat(answers.normalised(Method.BTX, "code")).isCloseTo(0.5, within(1e-12));
    assertThat(answers.mean(Method.BTX)).isCloseTo(0.65, within(1e-12));
    assertThat(answers.spread(Method.BTX)).isCloseTo(0.7, within(1e-12));
  }
}
