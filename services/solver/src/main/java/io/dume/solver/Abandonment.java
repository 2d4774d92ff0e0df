package io.dume.solver;

import io.dume.schemas.wire.FormatUnavailableException;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.common.errors.ApplicationRecoverableException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TransactionAbortableException;
import org.apache.kafka.common.protocol.Errors;

/**
 * Tells failures that end this attempt, after which a new producer and another look at the
 * committed positions go on, from those that end the solver. Clients wrap what they report, so the
 * causes are searched too.
 */
final class Abandonment {
  private static final int DEEPEST = 16;

  private Abandonment() {}

  /**
   * A failure as the solver should see it.
   *
   * @param failure what a client threw
   * @return an {@link AbandonedException} where starting over helps, and else the failure
   */
  static RuntimeException of(RuntimeException failure) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < DEEPEST; depth++) {
      if (cause instanceof FencedInstanceIdException) {
        // Two of one name: to start over would drive the other out, and it would do the same.
        return failure;
      }
      Optional<String> reason = reason(cause);
      if (reason.isPresent()) {
        return failure instanceof AbandonedException
            ? failure
            : new AbandonedException(reason.get(), failure);
      }
      cause = cause.getCause();
    }
    return failure;
  }

  /**
   * Starts over where that helps, and no more often than given. An interrupted thread does not.
   *
   * @param what what is attempted, for messages
   * @param attempts how often at most
   * @param attempt one attempt, which fails as clients do
   * @return what the first attempt gives that does not fail
   * @throws IllegalStateException if all failed, or the thread was interrupted; it stays so
   * @throws RuntimeException what an attempt threw, where starting over does not help
   */
  static <T> T retried(String what, int attempts, Supplier<T> attempt) {
    RuntimeException last = null;
    for (int i = 0; i < attempts; i++) {
      try {
        return attempt.get();
      } catch (RuntimeException e) {
        last = of(e);
        boolean abandoned = last instanceof AbandonedException;
        if (e instanceof InterruptException
            || abandoned && Thread.currentThread().isInterrupted()) {
          throw new IllegalStateException(
              "%s was interrupted: it has happened or not; try again, which does no harm"
                  .formatted(what),
              last);
        }
        if (!abandoned) {
          throw last;
        }
      }
    }
    throw new IllegalStateException(
        "%s failed in %d attempts: %s; try again when the cluster and the router's solvers are at rest"
            .formatted(what, attempts, last.getMessage()),
        last);
  }

  private static Optional<String> reason(Throwable cause) {
    if (cause instanceof AbandonedException abandoned) {
      return Optional.of(abandoned.getMessage());
    }
    if (cause instanceof FormatUnavailableException) {
      return Optional.of(cause.getMessage());
    }
    if (cause instanceof TransactionAbortableException) {
      return Optional.of("the cluster asks to abort the transaction");
    }
    if (cause instanceof ApplicationRecoverableException
        || cause instanceof ProducerFencedException
        || cause instanceof InvalidTxnStateException
        || cause instanceof CommitFailedException
        || cause instanceof OutOfOrderSequenceException
        || isForgottenByText(cause)) {
      // Fenced, or the cluster has forgotten a producer that was idle for too long, or a commit met
      // the broker's own abort of the overdue transaction (KAFKA-20785).
      return Optional.of("another instance took over, or the producer's id is gone");
    }
    if (cause instanceof RetriableException) {
      return Optional.of("the cluster does not answer");
    }
    return Optional.empty();
  }

  /** The client hands on the answer to an offset commit as its text alone. */
  private static boolean isForgottenByText(Throwable cause) {
    return String.valueOf(cause.getMessage())
        .contains(Errors.INVALID_PRODUCER_ID_MAPPING.message());
  }
}
