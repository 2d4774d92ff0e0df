package io.dume.schemas.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Map;
import org.junit.jupiter.api.Test;

class KafkaSettingsTest {
  private static final KafkaSettings SETTINGS =
      new KafkaSettings(
          "broker:9092",
          Map.of(
              "security.protocol", "SSL",
              "client.rack", "all",
              "consumer.client.rack", "consumers",
              "producer.linger.ms", "7",
              "admin.retries", "3",
              "streams.num.stream.threads", "2",
              "topic.retention.ms", "1000"));

  @Test
  void shouldGiveEachClientItsOwnSettingsAndThoseForAll() {
    assertThat(SETTINGS.consumer(Map.of()))
        .containsOnly(
            Map.entry("bootstrap.servers", "broker:9092"),
            Map.entry("security.protocol", "SSL"),
            Map.entry("client.rack", "consumers"));
    assertThat(SETTINGS.producer(Map.of()))
        .containsOnly(
            Map.entry("bootstrap.servers", "broker:9092"),
            Map.entry("security.protocol", "SSL"),
            Map.entry("client.rack", "all"),
            Map.entry("linger.ms", "7"));
    assertThat(SETTINGS.admin())
        .containsOnly(
            Map.entry("bootstrap.servers", "broker:9092"),
            Map.entry("security.protocol", "SSL"),
            Map.entry("client.rack", "all"),
            Map.entry("retries", "3"));
  }

  @Test
  void shouldGiveTopicsTheirsAlone() {
    assertThat(SETTINGS.topic()).containsOnly(Map.entry("retention.ms", "1000"));
  }

  @Test
  void shouldLetASettingWinOverADefault() {
    assertThat(SETTINGS.producer(Map.of("linger.ms", "1", "client.rack", "none", "acks", "all")))
        .containsEntry("linger.ms", "7")
        .containsEntry("client.rack", "all")
        .containsEntry("acks", "all");
  }

  @Test
  void shouldNeverLetASettingMoveTheBrokers() {
    KafkaSettings settings =
        new KafkaSettings(
            "broker:9092",
            Map.of("bootstrap.servers", "other:1", "streams.bootstrap.servers", "other:2"));

    assertThat(settings.consumer(Map.of())).containsEntry("bootstrap.servers", "broker:9092");
    assertThat(settings.streams(Map.of())).containsEntry("bootstrap.servers", "broker:9092");
  }

  @Test
  void shouldHandClientSettingsOnToStreamsWithTheirPrefix() {
    assertThat(SETTINGS.streams(Map.of()))
        .containsOnly(
            Map.entry("bootstrap.servers", "broker:9092"),
            Map.entry("security.protocol", "SSL"),
            Map.entry("client.rack", "all"),
            Map.entry("consumer.client.rack", "consumers"),
            Map.entry("producer.linger.ms", "7"),
            Map.entry("admin.retries", "3"),
            Map.entry("num.stream.threads", "2"));
  }

  @Test
  void shouldLetAClientSettingWinOverADefaultOfStreams() {
    assertThat(SETTINGS.streams(Map.of("producer.linger.ms", 100)))
        .containsEntry("producer.linger.ms", "7");
  }

  @Test
  void shouldLetAConsumerSettingWinOverADefaultForOneOfTheConsumersOfStreams() {
    KafkaSettings settings =
        new KafkaSettings("broker:9092", Map.of("consumer.max.poll.records", "5"));

    assertThat(
            settings.streams(
                Map.of("main.consumer.max.poll.records", 100, "main.consumer.fetch.max.bytes", 9)))
        .containsEntry("consumer.max.poll.records", "5")
        .doesNotContainKey("main.consumer.max.poll.records")
        .containsEntry("main.consumer.fetch.max.bytes", 9);
  }

  @Test
  void shouldLetASettingForAllClientsWinOverADefaultForOne() {
    KafkaSettings settings = new KafkaSettings("broker:9092", Map.of("max.poll.records", "5"));

    assertThat(settings.streams(Map.of("main.consumer.max.poll.records", 100)))
        .containsEntry("max.poll.records", "5")
        .doesNotContainKey("main.consumer.max.poll.records");
  }

  @Test
  void shouldLetAStreamsSettingWinOverAllOthers() {
    KafkaSettings settings =
        new KafkaSettings(
            "broker:9092",
            Map.of(
                "consumer.max.poll.records", "5",
                "streams.consumer.max.poll.records", "6",
                "streams.main.consumer.max.poll.records", "7"));

    assertThat(settings.streams(Map.of("main.consumer.max.poll.records", 100)))
        .containsEntry("consumer.max.poll.records", "6")
        .containsEntry("main.consumer.max.poll.records", "7");
  }

  @Test
  void shouldNeedABroker() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> KafkaSettings.of(" "))
        .withMessageContaining("host:port");
  }

  @Test
  void shouldShowNoValueSinceItMayBeASecret() {
    KafkaSettings settings =
        new KafkaSettings("broker:9092", Map.of("ssl.key.password", "hush", "linger.ms", "5"));

    assertThat(settings)
        .asString()
        .contains("[linger.ms, ssl.key.password]")
        .doesNotContain("hush");
  }
}
