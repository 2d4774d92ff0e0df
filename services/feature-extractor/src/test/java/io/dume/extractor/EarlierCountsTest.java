package io.dume.extractor;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.schemas.message.ExtractionProfile;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.StatisticsKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EarlierCountsTest {
  private final Fit fit = fit(2);
  private final EarlierCounts earlier = new EarlierCounts(fit);
  private final CountedRecords counted = new CountedRecords(fit.getId());

  static Fit fit(int partitions) {
    List<PartitionOffset> start = new ArrayList<>();
    for (int p = 0; p < partitions; p++) {
      start.add(new PartitionOffset(p, 3L));
    }
    return new Fit(
        Ids.random(),
        "backbone",
        "mlp-input",
        64,
        20,
        256,
        new ExtractionProfile("cpu", "avx2", "libtorch 2.5.1", "float64"),
        "",
        1,
        4,
        9,
        64,
        64,
        "",
        1,
        start);
  }

  @Test
  void shouldWarnOnceOfFlushesThatKeptNoIds() {
    counted.assign(List.of(0, 1));
    earlier.assigned(Map.of(0, 3L, 1, 10L));

    assertThat(earlier.compare(counted)).isTrue();
    earlier.assigned(Map.of(0, 3L, 1, 10L));
    assertThat(earlier.compare(counted)).isFalse();
  }

  @Test
  void shouldNotWarnOfAFitThatBegins() {
    counted.assign(List.of(0, 1));
    earlier.assigned(Map.of(0, 3L, 1, 3L));

    assertThat(earlier.compare(counted)).isFalse();
  }

  @Test
  void shouldNotWarnWhereIdsAreKept() {
    counted.assign(List.of(0, 1));
    Id record = Ids.random();
    counted.restore(
        1,
        0,
        StatisticsKey.counted(fit.getId(), record),
        Optional.of(new Id(new byte[Ids.BYTES]).bytes()));
    earlier.assigned(Map.of(0, 3L, 1, 10L));

    assertThat(earlier.compare(counted)).isFalse();
  }
}
