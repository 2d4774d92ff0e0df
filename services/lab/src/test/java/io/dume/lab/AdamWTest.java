package io.dume.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class AdamWTest {

  @Test
  void shouldMoveByTheRateAgainstTheSignOfTheFirstGradientAndDecay() {
    float[] weights = {1, -2, 0.5f};

    new AdamW(3).step(weights, new float[] {0.3f, -40, 0}, 0.01);

    assertThat(weights[0]).isCloseTo((float) (1 - 0.01 * (1 + 0.01)), within(1e-6f));
    assertThat(weights[1]).isCloseTo((float) (-2 - 0.01 * (-1 - 0.02)), within(1e-6f));
    assertThat(weights[2]).isCloseTo((float) (0.5 - 0.01 * 0.005), within(1e-6f));
  }

  @Test
  void shouldRememberEarlierGradients() {
    float[] weights = {0};
    AdamW adam = new AdamW(1);
    adam.step(weights, new float[] {1}, 0.1);
    float first = weights[0];

    adam.step(weights, new float[] {-1}, 0.1);

    // mean = 0.9·0.1 - 0.1, corrected by 1 - 0.81; variance 1 after its correction
    double move = (0.09 - 0.1) / (1 - 0.81);
    assertThat((double) weights[0]).isCloseTo(first - 0.1 * (move + 0.01 * first), within(1e-6));
  }

  @Test
  void shouldFindTheLowestPointOfABowl() {
    float[] weights = {5, -3};
    AdamW adam = new AdamW(2);

    for (int step = 0; step < 4_000; step++) {
      adam.step(weights, new float[] {2 * (weights[0] - 1), 20 * (weights[1] - 2)}, 0.01);
    }

    assertThat(weights[0]).isCloseTo(1, within(0.05f));
    assertThat(weights[1]).isCloseTo(2, within(0.05f));
  }
}
