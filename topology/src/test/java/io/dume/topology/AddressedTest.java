package io.dume.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.Set;
import org.junit.jupiter.api.Test;

class AddressedTest {
  private static Set<Integer> partitions(Addressed message, int of) {
    return Addressed.partitioner().partitions("topic", new byte[0], message, of).orElseThrow();
  }

  @Test
  void shouldSendAnOrderForAllToEveryPartition() {
    assertThat(partitions(Addressed.toAll(new byte[1]), 4)).containsExactlyInAnyOrder(0, 1, 2, 3);
  }

  @Test
  void shouldSendAShareToItsPartitionAlone() {
    assertThat(partitions(Addressed.to(2, new byte[1]), 4)).containsExactly(2);
  }

  @Test
  void shouldRefuseAPartitionThatDoesNotExist() {
    assertThatIllegalStateException()
        .isThrownBy(() -> partitions(Addressed.to(4, new byte[1]), 4))
        .withMessageContaining("must not change");
  }
}
