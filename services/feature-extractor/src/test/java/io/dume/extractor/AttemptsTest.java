package io.dume.extractor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.Test;

class AttemptsTest {
  private final AtomicInteger asked = new AtomicInteger();

  private Supplier<Integer> failing(int times, KafkaException error) {
    return () -> {
      if (asked.incrementAndGet() <= times) {
        throw error;
      }
      return asked.get();
    };
  }

  @Test
  void shouldAskAgainWhenABrokerDoesNotAnswerForAWhile() {
    assertThat(Attempts.at("offsets", failing(4, new TimeoutException("busy")))).isEqualTo(5);
  }

  @Test
  void shouldGiveUpWhenNobodyAnswers() {
    assertThatThrownBy(() -> Attempts.at("offsets", failing(5, new TimeoutException("busy"))))
        .isInstanceOf(ExtractorException.class)
        .hasMessageContaining("no offsets in 5 attempts: busy");
  }

  @Test
  void shouldNotRepeatWhatCanNotGetBetter() {
    KafkaException forbidden = new TopicAuthorizationException("forbidden");

    assertThatThrownBy(() -> Attempts.at("offsets", failing(1, forbidden))).isSameAs(forbidden);
    assertThat(asked).hasValue(1);
  }
}
