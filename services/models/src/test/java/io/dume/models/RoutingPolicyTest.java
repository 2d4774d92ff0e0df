package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Scale;
import org.junit.jupiter.api.Test;

class RoutingPolicyTest {

  @Property
  void shouldReadWhatItWrites(
      @ForAll @IntRange(min = 1, max = 64) int k,
      @ForAll @Scale(6) @DoubleRange(min = 0.01, max = 100) double temperature,
      @ForAll @Scale(6) @DoubleRange(min = 0, max = 0.999) double smoothing,
      @ForAll @Scale(6) @DoubleRange(min = 0, max = 10) double below,
      @ForAll @Scale(6) @DoubleRange(min = 0, max = 10) double above) {
    RoutingPolicy policy = new RoutingPolicy(k, temperature, smoothing, below, above);

    RoutingPolicy read = RoutingPolicy.parse(policy.toString());

    assertThat(read).isEqualTo(policy);
  }

  @Test
  void shouldTakeThePapersNumbersForWhatIsNotNamed() {
    assertThat(RoutingPolicy.parse("smoothing=0.95"))
        .isEqualTo(RoutingPolicy.PAPER.withSmoothing(0.95));
    assertThat(RoutingPolicy.parse("paper")).isEqualTo(RoutingPolicy.PAPER);
    assertThat(RoutingPolicy.PAPER)
        .hasToString("top-k=1,temperature=1,smoothing=0,below=0,above=0");
  }

  @Test
  void shouldSayWhichPartIsNotPossible() {
    assertThatThrownBy(() -> RoutingPolicy.parse("smoothing=1"))
        .hasMessageContainingAll("smoothing", "1.0", "less than 1");
    assertThatThrownBy(() -> RoutingPolicy.parse("smothing=0.5"))
        .hasMessageContainingAll("smothing=0.5", "smoothing=NUMBER");
    assertThatThrownBy(() -> RoutingPolicy.parse("top-k=1.5")).hasMessageContaining("whole");
    assertThatThrownBy(() -> RoutingPolicy.parse("below=much")).hasMessageContaining("much");
    assertThatThrownBy(() -> RoutingPolicy.parse("above=-1")).hasMessageContaining("above");
    assertThatThrownBy(() -> RoutingPolicy.parse("above=NaN")).hasMessageContaining("above");
    assertThatThrownBy(() -> RoutingPolicy.parse("")).hasMessageContaining("smoothing=NUMBER");
  }
}
