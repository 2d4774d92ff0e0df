package io.dume.accumulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.streams.StreamsConfig;
import org.junit.jupiter.api.Test;

class StreamsSettingsTest {
  private static AccumulatorConfig config(Map<String, String> settings) {
    return AccumulatorConfig.defaults(
        new KafkaSettings("localhost:9092", settings), Topics.DEFAULT, Path.of("state"), "one");
  }

  @Test
  void shouldCommitTheSequencerOftenAndTheFoldSeldom() {
    AccumulatorConfig config = config(Map.of());

    Properties sequencer = StreamsSettings.sequencer(config);
    Properties fold = StreamsSettings.fold(config);

    assertThat(new StreamsConfig(sequencer).getLong("commit.interval.ms")).isEqualTo(50);
    assertThat(new StreamsConfig(fold).getLong("commit.interval.ms")).isEqualTo(5000);
    assertThat(sequencer.get("application.id")).isEqualTo("dume.sequencer");
    assertThat(fold.get("application.id")).isEqualTo("dume.fold");
  }

  @Test
  void shouldHandASettingOfOneApplicationToThatOneAlone() {
    AccumulatorConfig config =
        config(
            Map.of(
                "streams.fold.commit.interval.ms", "10000",
                "streams.replication.factor", "3",
                "streams.sequencer.producer.linger.ms", "1"));

    Properties sequencer = StreamsSettings.sequencer(config);
    Properties fold = StreamsSettings.fold(config);

    assertThat(new StreamsConfig(fold).getLong("commit.interval.ms")).isEqualTo(10_000);
    assertThat(new StreamsConfig(sequencer).getLong("commit.interval.ms")).isEqualTo(50);
    assertThat(sequencer).containsEntry("producer.linger.ms", "1");
    assertThat(fold).doesNotContainKey("producer.linger.ms");
    assertThat(sequencer).containsEntry("replication.factor", "3");
    assertThat(fold).containsEntry("replication.factor", "3");
  }

  @Test
  void shouldNotLetAnybodyGiveUpExactlyOnce() {
    AccumulatorConfig config =
        config(
            Map.of(
                "streams.processing.guarantee", "at_least_once",
                "streams.fold.application.id", "mine"));

    Properties fold = StreamsSettings.fold(config);

    assertThat(fold)
        .containsEntry("processing.guarantee", StreamsConfig.EXACTLY_ONCE_V2)
        .containsEntry("application.id", "dume.fold");
  }

  @Test
  void shouldNameTheInstanceForEveryThread() {
    StreamsConfig fold = new StreamsConfig(StreamsSettings.fold(config(Map.of())));

    assertThat(fold.getMainConsumerConfigs("dume.fold", "client", 2))
        .containsEntry("group.instance.id", "one-2");
  }

  @Test
  void shouldLeaveTheSizesOfSocketBuffersToTheKernelUnlessToldOtherwise() {
    StreamsConfig ours = new StreamsConfig(StreamsSettings.fold(config(Map.of())));
    StreamsConfig theirs =
        new StreamsConfig(
            StreamsSettings.fold(config(Map.of("consumer.receive.buffer.bytes", "65536"))));

    assertThat(ours.getMainConsumerConfigs("dume.fold", "client", 1))
        .containsEntry("receive.buffer.bytes", -1);
    assertThat(ours.getRestoreConsumerConfigs("client")).containsEntry("receive.buffer.bytes", -1);
    assertThat(ours.getProducerConfigs("client")).containsEntry("send.buffer.bytes", -1);
    assertThat(theirs.getMainConsumerConfigs("dume.fold", "client", 1))
        .containsEntry("receive.buffer.bytes", "65536");
  }

  @Test
  void shouldLetChangelogsTakeAMessageOfEveryTopic() {
    Properties fold = StreamsSettings.fold(config(Map.of()));

    assertThat((int) fold.get("topic.max.message.bytes")).isGreaterThan(Topics.MAX_MESSAGE_BYTES);
    assertThat((int) fold.get("producer.max.request.size")).isGreaterThan(Topics.MAX_MESSAGE_BYTES);
  }

  @Test
  void shouldRefuseATransactionThatEndsBeforeItIsCommitted() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> config(Map.of()).withTimes(Duration.ofSeconds(10), Duration.ofSeconds(10)))
        .withMessageContaining("transaction timeout")
        .withMessageContaining("commit interval");
  }

  @Test
  void shouldRefuseAnInstanceIdThatIsNoName() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                AccumulatorConfig.defaults(
                    KafkaSettings.of("localhost:9092"), Topics.DEFAULT, Path.of("state"), "a b"))
        .withMessageContaining("\"a b\"");
  }
}
