package io.dume.accumulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class RestoreTimeTest {
  private static final TopicPartition A = new TopicPartition("fold-A-changelog", 0);
  private static final TopicPartition B = new TopicPartition("fold-b-changelog", 0);

  private final RestoreTime time = new RestoreTime();

  @Test
  void shouldBeNothingWhereNoStoreWasLost() {
    assertThat(time.soFar()).isZero();
  }

  @Test
  void shouldBeNothingWhileTheFirstStoreIsBeingRestored() {
    time.onRestoreStart(A, "A", 0, 10);

    assertThat(time.soFar()).isZero();
  }

  @Test
  void shouldGoFromTheFirstBeginningToTheLastEnd() {
    time.onRestoreStart(A, "A", 0, 10);
    time.onRestoreStart(B, "b", 0, 10);
    time.onRestoreEnd(A, "A", 10);
    Duration first = time.soFar();

    time.onRestoreEnd(B, "b", 10);

    assertThat(first).isPositive();
    assertThat(time.soFar()).isGreaterThan(first);
  }
}
