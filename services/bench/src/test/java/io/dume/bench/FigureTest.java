package io.dume.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FigureTest {
  private static final Rounds ROUNDS =
      new Rounds(Samples.of(8, 9, 10), Samples.of(10, 10, 10), Samples.of(0.8, 0.9, 1.0));

  @Test
  void shouldTakeMediansOfTheRounds() {
    Figure figure = Figure.against("fold", "MB/s", ROUNDS, Target.ratioAtLeast(0.8));

    assertThat(figure.value()).isEqualTo(9);
    assertThat(figure.floor()).hasValue(10);
    assertThat(figure.ratio()).hasValue(0.9);
  }

  @Test
  void shouldReachALowerLimitOfTheRatioFromAbove() {
    assertThat(against(Target.ratioAtLeast(0.9))).contains(true);
    assertThat(against(Target.ratioAtLeast(0.91))).contains(false);
  }

  @Test
  void shouldReachAnUpperLimitOfTheRatioFromBelow() {
    assertThat(against(Target.ratioAtMost(0.9))).contains(true);
    assertThat(against(Target.ratioAtMost(0.89))).contains(false);
  }

  @Test
  void shouldReachALimitOfTheValueFromBelow() {
    assertThat(against(Target.valueAtMost(9))).contains(true);
    assertThat(against(Target.valueAtMost(8.9))).contains(false);
  }

  @Test
  void shouldReachALimitAboveTheFloorByTheDifference() {
    Rounds slower = new Rounds(Samples.of(14), Samples.of(10), Samples.of(1.4));

    assertThat(Figure.against("f", "ms", slower, Target.aboveFloorAtMost(4)).reached())
        .contains(true);
    assertThat(Figure.against("f", "ms", slower, Target.aboveFloorAtMost(3)).reached())
        .contains(false);
  }

  @Test
  void shouldReachNothingWithoutATarget() {
    assertThat(Figure.of("start", "s", Samples.of(5)).reached()).isEmpty();
  }

  @Test
  void shouldRefuseARatioAsTheTargetOfWhatHasNoFloor() {
    Figure bare = Figure.of("start", "s", Samples.of(5));

    assertThatIllegalArgumentException()
        .isThrownBy(() -> bare.toReach(Target.ratioAtMost(1)))
        .withMessageContaining("needs a floor");
    assertThat(bare.toReach(Target.valueAtMost(6)).reached()).contains(true);
  }

  @ParameterizedTest
  @CsvSource({
    "0.85123, 0.8512",
    "0.8, 0.8",
    "350.26, 350.3",
    "1234567, 1235000",
    "1000, 1000",
    "0, 0",
    "0.00001234, 0.00001234"
  })
  void shouldWriteNumbersForPeople(double value, String expected) {
    assertThat(Figure.number(value)).isEqualTo(expected);
  }

  @Test
  void shouldSayWhatATargetAsksFor() {
    assertThat(Target.ratioAtLeast(0.85).describe("tokens/s")).isEqualTo(">= 0.85");
    assertThat(Target.ratioAtMost(1.15).describe("ms")).isEqualTo("<= 1.15");
    assertThat(Target.valueAtMost(6).describe("s")).isEqualTo("<= 6 s");
    assertThat(Target.valueAtMost(0.2).describe("")).isEqualTo("<= 0.2");
    assertThat(Target.aboveFloorAtMost(400).describe("ms")).isEqualTo("<= floor + 400 ms");
  }

  private static Optional<Boolean> against(Target target) {
    return Figure.against("fold", "MB/s", ROUNDS, target).reached();
  }
}
