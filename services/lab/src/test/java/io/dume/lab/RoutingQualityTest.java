package io.dume.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class RoutingQualityTest {

  @Test
  void shouldCountLoadSwitchesAndSegments() {
    // Given a window of two layers: in one, 8 tokens of expert 0, 4 of 1, 4 of 2; in the other, all
    // 2
    RoutingQuality.Recorder recorder = new RoutingQuality.Recorder();
    recorder.chosen(0, 0, new int[] {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2});
    recorder.chosen(0, 1, new int[] {2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2});

    RoutingQuality quality = recorder.quality(4);

    assertThat(quality.load())
        .containsExactly(new double[] {8 / 32.0, 4 / 32.0, 20 / 32.0, 0}, within(1e-12));
    assertThat(quality.switchesPer100Tokens().getAsDouble())
        .isCloseTo(100 * 2 / 30.0, within(1e-9));
    assertThat(quality.segmentRouting().getAsDouble()).isCloseTo((0.5 + 1) / 2, within(1e-12));
    assertThat(quality.segmentCache().getAsDouble()).isCloseTo((0.75 + 1) / 2, within(1e-12));
  }

  @Test
  void shouldNotCountAWindowTwiceThatWasToldOfTwice() {
    RoutingQuality.Recorder recorder = new RoutingQuality.Recorder();
    int[] last = new int[16];
    recorder.chosen(3, 0, new int[] {1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0});
    recorder.chosen(3, 0, last);

    RoutingQuality quality = recorder.quality(2);

    assertThat(quality.load()).containsExactly(1, 0);
    assertThat(quality.switchesPer100Tokens()).hasValue(0);
  }

  @Test
  void shouldHaveNoFigureForSegmentsWhereNoWindowIsAsLong() {
    RoutingQuality.Recorder recorder = new RoutingQuality.Recorder();
    recorder.chosen(0, 0, new int[] {0, 1, 0});
    recorder.chosen(1, 0, new int[RoutingQuality.SEGMENT - 1]);

    RoutingQuality quality = recorder.quality(2);

    assertThat(quality.segmentRouting()).isEmpty();
    assertThat(quality.segmentCache()).isEmpty();
    assertThat(quality.switchesPer100Tokens().getAsDouble())
        .isCloseTo(100 * 2 / 16.0, within(1e-9));
  }
}
