package io.dume.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;

class RoundsTest {

  @Test
  void shouldTakeTurnsAndThrowTheWarmUpsAway() throws Exception {
    Iterator<Double> values = List.of(100.0, 2.0, 4.0, 9.0).iterator();
    Iterator<Double> floors = List.of(1.0, 1.0, 4.0, 3.0).iterator();
    List<String> order = new ArrayList<>();

    Rounds rounds =
        Rounds.alternate(
            1,
            3,
            () -> {
              order.add("value");
              return values.next();
            },
            () -> {
              order.add("floor");
              return floors.next();
            });

    assertThat(order)
        .containsExactly("value", "floor", "value", "floor", "value", "floor", "value", "floor");
    assertThat(rounds.value()).isEqualTo(Samples.of(2, 4, 9));
    assertThat(rounds.floor()).isEqualTo(Samples.of(1, 4, 3));
    // Of each round, not of the medians: 4 / 3 would be another number.
    assertThat(rounds.ratio()).isEqualTo(Samples.of(2, 1, 3));
  }
}
