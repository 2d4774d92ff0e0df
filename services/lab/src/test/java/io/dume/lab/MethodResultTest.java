package io.dume.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MethodResultTest {

  @Test
  void shouldBeTheMeanOfTheSeedsWithTheirSpread() {
    MethodResult result =
        new MethodResult(
            Map.of("math", 10.0, "code", 20.0),
            List.of(Map.of("math", 10.0, "code", 40.0), Map.of("math", 20.0, "code", 80.0)),
            Optional.empty(),
            Optional.empty(),
            0);

    assertThat(result.perplexity("math")).isEqualTo(15);
    assertThat(result.normalised("math")).isEqualTo(0.75);
    assertThat(result.normalised("code")).isEqualTo(0.375);
    assertThat(result.mean()).isCloseTo(0.5625, within(1e-12));
    assertThat(result.spread()).isCloseTo(0.375, within(1e-12));
  }
}
