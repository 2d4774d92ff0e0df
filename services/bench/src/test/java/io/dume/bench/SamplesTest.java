package io.dume.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class SamplesTest {

  @Test
  void shouldTakeTheMiddleOfAnOddNumber() {
    assertThat(Samples.of(9, 1, 4).median()).isEqualTo(4);
  }

  @Test
  void shouldTakeTheMeanOfTheTwoInTheMiddleOfAnEvenNumber() {
    assertThat(Samples.of(9, 1, 4, 6).median()).isEqualTo(5);
  }

  @Test
  void shouldSayHowFarRepetitionsLieApart() {
    assertThat(Samples.of(8, 10, 13).spread()).isCloseTo(0.5, within(1e-12));
    assertThat(Samples.of(8).spread()).isZero();
  }

  @Test
  void shouldGiveTheSmallestValueThatAShareDoesNotExceed() {
    double[] hundred = new double[100];
    for (int i = 0; i < 100; i++) {
      hundred[i] = 100 - i;
    }

    Samples samples = new Samples(hundred);

    assertThat(samples.quantile(0.99)).isEqualTo(99);
    assertThat(samples.quantile(1)).isEqualTo(100);
    assertThat(samples.quantile(0)).isEqualTo(1);
  }

  @Test
  void shouldRefuseNothingAndWhatIsNotFinite() {
    assertThatIllegalArgumentException().isThrownBy(Samples::of).withMessageContaining("at least");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Samples.of(1, Double.NaN))
        .withMessageContaining("finite");
  }

  @Property
  void shouldLieBetweenTheExtremesWhateverTheOrder(
      @ForAll @Size(min = 1, max = 20) List<@DoubleRange(min = 0.1, max = 1e6) Double> values) {
    Samples samples = new Samples(values.stream().mapToDouble(Double::doubleValue).toArray());

    double smallest = values.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
    double largest = values.stream().mapToDouble(Double::doubleValue).max().orElseThrow();

    assertThat(samples.median()).isBetween(smallest, largest);
    assertThat(samples.quantile(0.5)).isBetween(smallest, largest);
  }
}
