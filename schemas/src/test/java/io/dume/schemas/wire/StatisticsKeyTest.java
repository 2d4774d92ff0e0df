package io.dume.schemas.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.schemas.message.Id;
import io.dume.schemas.message.StatisticsKind;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class StatisticsKeyTest {
  private static final Id FIT = Ids.ofSlot("fit", "", false);
  private static final Id SLOT = Ids.ofSlot("slot", "", false);

  @Test
  void shouldHaveTheLengthsOfTheTable() {
    assertThat(StatisticsKey.sum(FIT, 1, SLOT, 2, 3)).hasSize(38);
    assertThat(StatisticsKey.target(FIT, 1, SLOT)).hasSize(34);
    assertThat(StatisticsKey.staged(FIT, 1, SLOT, StatisticsKind.GRAM, 2, 3, 4)).hasSize(47);
    assertThat(StatisticsKey.marker(FIT, 5)).hasSize(24);
    assertThat(StatisticsKey.layer(FIT, 5, 1, 2, 3)).hasSize(30);
  }

  @Property
  void shouldSortSumsByLayerThenSlotThenPlace(
      @ForAll @IntRange(min = 0, max = 32767) int layer,
      @ForAll @IntRange(min = 0, max = 32767) int otherLayer,
      @ForAll @IntRange(min = 0, max = 32767) int row,
      @ForAll @IntRange(min = 0, max = 32767) int otherRow) {
    int expected =
        layer != otherLayer ? Integer.compare(layer, otherLayer) : Integer.compare(row, otherRow);

    int order =
        Arrays.compareUnsigned(
            StatisticsKey.sum(FIT, layer, SLOT, row, 9),
            StatisticsKey.sum(FIT, otherLayer, SLOT, otherRow, 9));

    assertThat(Integer.signum(order)).isEqualTo(expected);
  }

  @Property
  void shouldSortMarkersAndCutsByNumber(
      @ForAll @LongRange(min = 0) long number, @ForAll @LongRange(min = 0) long other) {
    assertThat(
            Integer.signum(
                Arrays.compareUnsigned(
                    StatisticsKey.marker(FIT, number), StatisticsKey.marker(FIT, other))))
        .isEqualTo(Long.compare(number, other));
    assertThat(
            Integer.signum(
                Arrays.compareUnsigned(
                    StatisticsKey.layer(FIT, number, 0, 0, 0),
                    StatisticsKey.layer(FIT, other, 0, 0, 0))))
        .isEqualTo(Long.compare(number, other));
  }

  @Test
  void shouldKeepATileWithOtherValuesBesideAGoodOne() {
    assertThat(StatisticsKey.staged(FIT, 1, SLOT, StatisticsKind.GRAM, 0, 0, 7))
        .isNotEqualTo(StatisticsKey.staged(FIT, 1, SLOT, StatisticsKind.GRAM, 0, 0, 8));
    assertThat(StatisticsKey.staged(FIT, 1, SLOT, StatisticsKind.GRAM, 0, 0, 7))
        .isNotEqualTo(StatisticsKey.staged(FIT, 1, SLOT, StatisticsKind.TARGET, 0, 0, 7));
  }

  @Test
  void shouldBeginWithTheFlushSoThatAFlushStandsTogether() {
    assertThat(StatisticsKey.staged(FIT, 1, SLOT, StatisticsKind.GRAM, 0, 0, 7))
        .startsWith(FIT.bytes());
  }
}
