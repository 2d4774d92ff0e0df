package io.dume.feed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dume.schemas.kafka.KafkaSettings;
import java.time.Duration;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class PaceTest {
  @Test
  void shouldWaitForTheTimeThatTokensTakeAtTheRate() {
    Pace pace = new Pace(OptionalDouble.of(100));

    assertThat(pace.wait(250, Duration.ofSeconds(1))).isEqualTo(Duration.ofMillis(1500));
    assertThat(pace.wait(50, Duration.ofSeconds(1))).isZero();
  }

  @Test
  void shouldNotWaitWithoutARate() {
    assertThat(new Pace(OptionalDouble.empty()).wait(1L << 60, Duration.ZERO)).isZero();
  }

  @Test
  void shouldMakeRecordsThatAWorkerTakesByDefault() {
    KafkaSettings kafka = KafkaSettings.of("localhost:1");

    assertThat(FeedConfig.defaults(kafka, 128).sequencesPerRecord()).isEqualTo(16);
    assertThat(FeedConfig.defaults(kafka, 8192).sequencesPerRecord()).isEqualTo(8);
    assertThat(FeedConfig.defaults(kafka, 100_000).sequencesPerRecord()).isEqualTo(1);
  }

  @Test
  void shouldRefuseSettingsThatCanNotWork() {
    KafkaSettings kafka = KafkaSettings.of("localhost:1");

    assertThatThrownBy(() -> FeedConfig.defaults(kafka, 0))
        .hasMessageContaining("context_dim of 0");
    assertThatThrownBy(() -> FeedConfig.defaults(kafka, 8).withSequencesPerRecord(0))
        .hasMessageContaining("16 is the default");
    assertThatThrownBy(
            () -> FeedConfig.defaults(kafka, 8).withTokensPerSecond(OptionalDouble.of(Double.NaN)))
        .hasMessageContaining("NaN tokens a second");
  }
}
