package io.dume.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.bench.ScaleStage.Role;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ScaleStageTest {
  private static StackTraceElement frame(String type, String method) {
    return new StackTraceElement(type, method, null, 0);
  }

  @Test
  void shouldNameMethodsThatExist() throws ClassNotFoundException {
    for (ScaleStage stage : ScaleStage.ALL) {
      for (String method : stage.methods()) {
        int dot = method.lastIndexOf('.');
        Class<?> type = Class.forName(method.substring(0, dot));

        assertThat(Arrays.stream(type.getDeclaredMethods()))
            .as(method)
            .anyMatch(declared -> declared.getName().equals(method.substring(dot + 1)));
      }
    }
  }

  @Test
  void shouldTellAStageByTheInnermostMethod() {
    StackTraceElement[] stack = {
      frame("org.rocksdb.RocksDB", "put"),
      frame("org.apache.kafka.streams.state.internals.NamedCache", "evict"),
      frame("io.dume.topology.fold.Fold", "apply"),
      frame("io.dume.topology.fold.Fold", "take"),
    };

    assertThat(ScaleStage.of(Role.FOLD, stack)).map(ScaleStage::name).hasValue("write back");
  }

  @Test
  void shouldNotCountAConsumerThatWaits() {
    StackTraceElement[] stack = {
      frame("sun.nio.ch.EPoll", "wait"),
      frame("org.apache.kafka.clients.consumer.KafkaConsumer", "poll"),
    };

    assertThat(ScaleStage.of(Role.FOLD, stack)).isEqualTo(Optional.empty());
  }
}
