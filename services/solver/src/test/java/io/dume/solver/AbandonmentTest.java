package io.dume.solver;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.InvalidPidMappingException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TransactionAbortableException;
import org.apache.kafka.common.errors.UnknownProducerIdException;
import org.apache.kafka.common.protocol.Errors;
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
