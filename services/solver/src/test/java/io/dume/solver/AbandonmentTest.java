package io.dume.solver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidPidMappingException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TransactionAbortableException;
import org.apache.kafka.common.errors.UnknownProducerIdException;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AbandonmentTest {
  static Stream<RuntimeException> failuresThatANewStartMends() {
    return Stream.of(
        new InvalidPidMappingException("the producer was idle for a week"),
        new KafkaException(
            "Unexpected error in TxnOffsetCommitResponse: "
                + Errors.INVALID_PRODUCER_ID_MAPPING.message()),
        new InvalidProducerEpochException("fenced"),
        new ProducerFencedException("fenced"),
        new KafkaException("in an error state", new InvalidTxnStateException("given up")),
        new UnknownProducerIdException("gone"),
        new CommitFailedException("rebalanced"),
        new TransactionAbortableException("abort"),
        new TimeoutException("no answer"),
        new DisconnectException("no broker"));
  }

  @ParameterizedTest
  @MethodSource("failuresThatANewStartMends")
  void shouldStartOver(RuntimeException failure) {
    RuntimeException seen = Abandonment.of(failure);

    assertThat(seen).isInstanceOf(AbandonedException.class).hasCause(failure);
  }

  @ParameterizedTest
  @MethodSource("failuresThatANewStartMends")
  void shouldStartOverWhereAClientWrappedTheFailure(RuntimeException failure) {
    RuntimeException wrapped =
        new IllegalStateException(
            "writing failed", new KafkaException("the producer is in an error state", failure));

    RuntimeException seen = Abandonment.of(wrapped);

    assertThat(seen).isInstanceOf(AbandonedException.class).hasCause(wrapped);
  }

  @ParameterizedTest
  @MethodSource("failuresThatANewStartMends")
  void shouldTryAgainWhatANewStartMends(RuntimeException failure) {
    Queue<RuntimeException> failures = new ArrayDeque<>(List.of(failure, failure));

    String outcome =
        Abandonment.retried(
            "it",
            3,
            () -> {
              if (failures.isEmpty()) {
                return "done";
              }
              throw failures.remove();
            });

    assertThat(outcome).isEqualTo("done");
  }

  @Test
  void shouldSayWhatKeptAllAttemptsFromIt() {
    AtomicInteger attempts = new AtomicInteger();

    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(() -> fail(attempts, new TimeoutException("no answer")))
        .withMessageContaining("it failed in 5 attempts: the cluster does not answer; try again");
    assertThat(attempts).hasValue(5);
  }

  @Test
  void shouldEndAtOnceWhereANewStartMendsNothing() {
    AtomicInteger attempts = new AtomicInteger();
    RuntimeException refused = new IllegalArgumentException("gates of another router");

    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> fail(attempts, refused))
        .isSameAs(refused);
    assertThat(attempts).hasValue(1);
  }

  /** Both ways in which the publisher's clients tell of it, and both set the flag. */
  static Stream<RuntimeException> interrupts() {
    return Stream.of(
        new AbandonedException("interrupted", new InterruptedException()),
        new InterruptException("interrupted", new InterruptedException()));
  }

  @ParameterizedTest
  @MethodSource("interrupts")
  void shouldEndAtOnceWhereTheThreadIsInterrupted(RuntimeException interrupt) {
    AtomicInteger attempts = new AtomicInteger();
    Thread.currentThread().interrupt();

    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(() -> fail(attempts, interrupt))
        .withMessageContaining("it was interrupted");
    assertThat(attempts).hasValue(1);
    assertThat(Thread.interrupted()).as("still interrupted").isTrue();
  }

  private static void fail(AtomicInteger attempts, RuntimeException failure) {
    Abandonment.retried(
        "it",
        5,
        () -> {
          attempts.incrementAndGet();
          throw failure;
        });
  }

  static Stream<RuntimeException> failuresThatStay() {
    return Stream.of(
        new AuthorizationException("not allowed"),
        new RecordTooLargeException("too large"),
        new FencedInstanceIdException("two of one name"),
        new KafkaException("committing failed", new FencedInstanceIdException("two of one name")),
        new IllegalStateException("a library failed", new UnsatisfiedLinkError("blas")));
  }

  @ParameterizedTest
  @MethodSource("failuresThatStay")
  void shouldEndWhereStartingOverDoesNotHelp(RuntimeException failure) {
    RuntimeException seen = Abandonment.of(failure);

    assertThat(seen).isSameAs(failure);
  }
}
