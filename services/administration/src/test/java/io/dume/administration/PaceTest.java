package io.dume.administration;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.schemas.message.Fit;
import io.dume.schemas.message.PartitionOffset;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PaceTest {
  private Instant now = Instant.EPOCH;
  private final Clock clock =
      new Clock() {
        @Override
        public ZoneOffset getZone() {
          return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(java.time.ZoneId zone) {
          return this;
        }

        @Override
        public Instant instant() {
          return now;
        }
      };

  @Test
  void shouldTellWhatIsLeftByThePaceOfThisRunAlone() {
    Fit fit = AdministrationIT.fit("");
    Pace pace = new Pace(clock);
    List<PartitionOffset> ends =
        List.of(
            new PartitionOffset(0, 100L), new PartitionOffset(1, 0L), new PartitionOffset(2, 0L));

    ReplayProgress first = pace.progress(fit, Map.of(0, 50L), ends);
    now = now.plusSeconds(10);
    ReplayProgress second = pace.progress(fit, Map.of(0, 70L), ends);

    assertThat(first).isEqualTo(new ReplayProgress(50, 100, Optional.empty()));
    assertThat(second).isEqualTo(new ReplayProgress(70, 100, Optional.of(Duration.ofSeconds(15))));
  }
}
