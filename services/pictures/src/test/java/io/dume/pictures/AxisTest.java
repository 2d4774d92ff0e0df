package io.dume.pictures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class AxisTest {

  @Test
  void shouldEndAtARoundNumberThatHoldsAllValues() {
    Axis axis = Axis.fromZero("ms", List.of(3.0, 43.0, 12.0));

    assertThat(axis.ticks()).containsExactly(0.0, 10.0, 20.0, 30.0, 40.0, 50.0);
    assertThat(axis.share(25)).isEqualTo(0.5);
  }

  @Test
  void shouldGiveEqualFactorsEqualStepsWhenLogarithmic() {
    Axis axis = Axis.logarithmic("d", List.of(576.0, 4096.0));

    assertThat(axis.from()).isEqualTo(500);
    assertThat(axis.to()).isEqualTo(5000);
    assertThat(axis.ticks()).containsExactly(500.0, 1000.0, 2000.0, 5000.0);
    assertThat(axis.share(2000) - axis.share(1000))
        .isCloseTo(axis.share(1000) - axis.share(500), within(1e-12));
  }

  @Test
  void shouldWriteOnlyPowersOfTenWhenThereAreMany() {
    assertThat(Axis.logarithmic("bytes", List.of(1.0, 90_000.0)).ticks())
        .containsExactly(1.0, 10.0, 100.0, 1000.0, 10_000.0, 100_000.0);
  }

  @Test
  void shouldBeginNearTheLeastValueWhereZeroIsFar() {
    Axis axis = Axis.around("share", List.of(0.71, 0.97));

    assertThat(axis.from()).isCloseTo(0.7, within(1e-12));
    assertThat(axis.to()).isCloseTo(1.0, within(1e-12));
    assertThat(Axis.around("same", List.of(0.5, 0.5)).to()).isGreaterThan(0.5);
    assertThat(Axis.tick(1e-6)).isEqualTo("0.000001");
  }

  @Test
  void shouldPutWhatLiesOutsideAtAnEnd() {
    Axis axis = new Axis("share", 0, 2, false);

    assertThat(axis.share(3)).isEqualTo(1);
    assertThat(axis.share(-1)).isZero();
  }

  @Test
  void shouldRefuseZeroOnALogarithmicAxis() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Axis.logarithmic("bytes", List.of(0.0, 1.0)))
        .withMessageContaining("\"bytes\": 0.0 has no place on a logarithmic one");
  }
}
