package io.dume.evaluator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ComparisonTest {
  @Test
  void shouldNormaliseByTheDenseExpertOfTheSameDomain() {
    // Given
    Comparison comparison =
        new Comparison(
            Map.of("math", 4.0, "code", 8.0), Map.of("dume", Map.of("math", 5.0, "code", 8.0)));

    // When
    double mean = comparison.meanNormalised("dume");

    // Then (4/5 + 8/8) / 2
    assertThat(mean).isCloseTo(0.9, within(1e-12));
  }

  @Test
  void shouldRefuseAMethodThatWasNotJudgedOnEveryDomain() {
    Map<String, Double> dense = Map.of("math", 4.0, "code", 8.0);

    assertThatThrownBy(() -> new Comparison(dense, Map.of("dume", Map.of("math", 5.0))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("dume was judged on [math]");
  }

  @Test
  void shouldWeighEveryPredictedTokenAlike() {
    // Given two texts of unequal length
    Perplexity easy = new Perplexity(3 * Math.log(2), 3);
    Perplexity hard = new Perplexity(Math.log(32), 1);

    // When
    Perplexity both = easy.plus(hard);

    // Then 2^((3 + 5) / 4)
    assertThat(both.value()).isCloseTo(4, within(1e-12));
  }
}
