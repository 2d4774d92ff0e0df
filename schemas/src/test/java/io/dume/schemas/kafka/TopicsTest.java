package io.dume.schemas.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Map;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TopicsTest {
  @Test
  void shouldPutThePrefixInFrontOfEveryName() {
    Topics topics = new Topics("team-a.");

    assertThat(topics.tokenBatches()).isEqualTo("team-a.token-batches");
    assertThat(topics.routerVersions()).isEqualTo("team-a.router-versions");
    assertThat(Topics.DEFAULT.cuts()).isEqualTo("dume.cuts");
    assertThat(new Topics("").control()).isEqualTo("control");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a b", "a/b", "ä", "a\n"})
  void shouldRefuseAPrefixThatNoTopicCanHave(String prefix) {
    assertThatIllegalArgumentException().isThrownBy(() -> new Topics(prefix));
  }

  @Test
  void shouldLimitWhatIsWrittenByItsSizeUnpackedAndKeepTilesByTheBrokersClock() {
    Map<String, NewTopic> wanted =
        Topics.DEFAULT.wanted(Topics.Partitions.DEFAULT, Map.of("retention.ms", "5"));

    assertThat(wanted.values())
        .hasSize(9)
        .allSatisfy(
            t ->
                assertThat(t.configs())
                    .containsEntry("compression.type", "uncompressed")
                    .containsEntry("retention.ms", "5"));
    assertThat(wanted.get("dume.control").configs()).containsEntry("max.message.bytes", "1048576");
    assertThat(wanted.get("dume.cuts").configs()).containsEntry("max.message.bytes", "8388608");
    assertThat(wanted.get("dume.token-batches").configs())
        .containsEntry("max.message.bytes", "16777216")
        .doesNotContainKey("message.timestamp.type");
    assertThat(wanted.get("dume.counted-ids").configs()).containsEntry("cleanup.policy", "compact");
    assertThat(wanted.get("dume.counted-ids").numPartitions())
        .isEqualTo(wanted.get("dume.token-batches").numPartitions());
    assertThat(wanted.get("dume.partial-statistics").configs())
        .containsEntry("message.timestamp.type", "LogAppendTime");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1})
  void shouldRefuseTopicsWithoutPartitions(int partitions) {
    assertThatIllegalArgumentException().isThrownBy(() -> new Topics.Partitions(partitions, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> new Topics.Partitions(1, partitions));
  }
}
