package io.dume.extractor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dume.models.FeatureSource;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class FeatureExtractorConfigTest {
  private static final FeatureExtractorConfig CONFIG =
      FeatureExtractorConfig.defaults(
          new KafkaSettings(
              "localhost:1",
              Map.of(
                  "consumer.isolation.level", "read_uncommitted",
                  "consumer.auto.offset.reset", "latest",
                  "consumer.max.poll.records", "7",
                  "producer.max.request.size", "1000",
                  "producer.acks", "0")),
          "w1",
          FitSettings.of(64));

  @Test
  void shouldForceWhatCorrectnessAsksForAndTakeTheRestFromTheUser() {
    var consumer = ClientSettings.consumer(CONFIG, Batches.fit(), 1 << 20);
    var producer = ClientSettings.producer(CONFIG, 1 << 20);

    assertThat(consumer)
        .containsEntry("isolation.level", "read_committed")
        .containsEntry("auto.offset.reset", "none")
        .containsEntry("enable.auto.commit", "false")
        .containsEntry("max.poll.records", "7")
        .doesNotContainKey("group.instance.id");
    assertThat(producer)
        .containsEntry("transactional.id", "dume.worker-w1")
        .containsEntry("acks", "all")
        .containsEntry("max.request.size", Integer.toString(Topics.MAX_MESSAGE_BYTES));
  }

  @Test
  void shouldBeAStaticMemberOnlyWhenAskedTo() {
    var properties =
        ClientSettings.consumer(CONFIG.withStaticMembership(true), Batches.fit(), 1 << 20);

    assertThat(properties).containsEntry("group.instance.id", "w1");
  }

  @Test
  void shouldGiveALargerFlushMoreTimeButNeverMoreThanABrokerAllows() {
    assertThat(ClientSettings.transactionTimeout(CONFIG, 0)).isEqualTo(Duration.ofSeconds(10));
    assertThat(ClientSettings.transactionTimeout(CONFIG, 1L << 30))
        .isEqualTo(Duration.ofSeconds(74));
    assertThat(ClientSettings.transactionTimeout(CONFIG, 1L << 40))
        .isEqualTo(Duration.ofMinutes(15));
    assertThat(
            ClientSettings.transactionTimeout(
                CONFIG.withTransactionTimeout(Duration.ofSeconds(3)), 1L << 40))
        .isEqualTo(Duration.ofSeconds(3));
  }

  @Test
  void shouldWaitForCommittedOffsetsLongerThanATransactionMayStayOpen() {
    var small = ClientSettings.consumer(CONFIG, Batches.fit(), 0);
    var large = ClientSettings.consumer(CONFIG, Batches.fit(), 1L << 40);

    assertThat(small)
        .containsEntry("default.api.timeout.ms", "70000")
        .containsEntry("max.poll.interval.ms", "610000");
    assertThat(large)
        .containsEntry("default.api.timeout.ms", "960000")
        .containsEntry("max.poll.interval.ms", "1500000");
  }

  @Test
  void shouldDeriveLimitsFromTheModel() {
    FitSettings settings = FitSettings.of(64);

    assertThat(settings.sequenceLimit(model(12, 768, 2048))).isEqualTo(2048);
    assertThat(settings.sequenceLimit(model(12, 768, 32))).isEqualTo(64);
    assertThat(settings.recordLimit(model(6, 512, 2048))).isEqualTo(65536);
    assertThat(settings.recordLimit(model(6, 512, 131072))).isEqualTo(131072);
  }

  @Test
  void shouldHoldTheFeaturesOfALargeModelsRecordToTwoGigabytes() {
    FitSettings settings = FitSettings.of(64);

    // 32 layers of width 4096: half a MiB a token.
    assertThat(settings.recordLimit(model(32, 4096, 2048))).isEqualTo(4096);
    assertThat(settings.recordLimit(model(32, 4096, 8192))).isEqualTo(8192);
    assertThat(
            settings
                .withLimits(OptionalInt.empty(), OptionalInt.of(50000))
                .recordLimit(model(32, 4096, 2048)))
        .isEqualTo(50000);
  }

  private static ExtractionModel.Identity model(int layers, int width, int maxPositions) {
    return new ExtractionModel.Identity(
        FeatureSource.MLP_INPUT,
        "cc".repeat(32),
        layers,
        width,
        100,
        maxPositions,
        "",
        TokenFeatures.EXPERTS,
        Batches.fit().getProfile());
  }

  @Test
  void shouldRefuseSettingsThatCanNotWorkNamingTheRemedy() {
    assertThatThrownBy(() -> FitSettings.of(0)).hasMessageContaining("context_dim of 0");
    assertThatThrownBy(() -> FitSettings.of(64).withLimits(OptionalInt.of(63), OptionalInt.empty()))
        .hasMessageContaining("at least context_dim, which is 64");
    assertThatThrownBy(() -> FitSettings.of(64).withStatistics(41, 256))
        .hasMessageContaining("20 is the default");
    assertThatThrownBy(() -> new FlushPolicy(Duration.ZERO, 1, 1))
        .hasMessageContaining("5 s is the default");
    assertThatThrownBy(
            () -> FeatureExtractorConfig.defaults(CONFIG.kafka(), "a b", FitSettings.of(64)))
        .hasMessageContaining("instance \"a b\"");
  }
}
