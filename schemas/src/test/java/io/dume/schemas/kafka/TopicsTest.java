package io.dume.schemas.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

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

  @ParameterizedTest
  @ValueSource(ints = {0, -1})
  void shouldRefuseTopicsWithoutPartitions(int partitions) {
    assertThatIllegalArgumentException().isThrownBy(() -> new Topics.Partitions(partitions, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> new Topics.Partitions(1, partitions));
  }
}
