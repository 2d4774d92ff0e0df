package io.dume.extractor;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidPidMappingException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.protocol.Errors;

/**
 * One producer transaction a flush: all of it with the consumer's offsets, or nothing. Owns the
 * producer, and opens another when the broker has forgotten this one.
 */
final class FlushTransaction implements AutoCloseable {
  /** Each waits up to the producer's {@code max.block.ms}. */
  private static final int ATTEMPTS = 5;

  /** Takes the messages of a flush. */
  interface Sender extends Consumer<ProducerRecord<byte[], byte[]>> {}

  private final Supplier<Producer<byte[], byte[]>> producers;
  private final String instance;
  private Producer<byte[], byte[]> producer;

  /**
   * Opens a producer and ends what an earlier one of the same instance left open.
   *
   * @param producers gives a new producer of the same transactional id at each call
   * @param instance names the worker in errors
   */
  FlushTransaction(Supplier<Producer<byte[], byte[]>> producers, String instance) {
    this.producers = producers;
    this.instance = instance;
    this.producer = open();
  }

  private Producer<byte[], byte[]> open() {
    Producer<byte[], byte[]> opened = producers.get();
    try {
      retrying("start", opened::initTransactions);
      return opened;
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  /**
   * Sends and commits.
   *
   * @param messages sends what the flush has
   * @param offsets where the consumer group goes on
   * @param group this consumer's place in its group as it is now
   * @return nothing if all of it is committed; otherwise why it was aborted, and the caller must
   *     drop what it has and read again from the committed offsets
   * @throws ExtractorException if this producer can't go on at all
   */
  Optional<KafkaException> run(
      Consumer<Sender> messages,
      Map<TopicPartition, OffsetAndMetadata> offsets,
      Supplier<ConsumerGroupMetadata> group) {
    try {
      producer.beginTransaction();
      messages.accept(producer::send);
      producer.sendOffsetsToTransaction(offsets, group.get());
      retrying("commit", producer::commitTransaction);
      return Optional.empty();
    } catch (InterruptException e) {
      throw e;
    } catch (ProducerFencedException | InvalidProducerEpochException e) {
      throw fenced(e);
    } catch (OutOfOrderSequenceException
        | AuthenticationException
        | AuthorizationException
        | UnsupportedVersionException e) {
      throw new ExtractorException(
          "worker %s can't flush: %s".formatted(instance, e.getMessage()), e);
    } catch (KafkaException e) {
      if (isGivenUp(e)) {
        throw fenced(e);
      }
      if (isForgotten(e)) {
        replace();
      } else {
        abort(e);
      }
      return Optional.of(e);
    }
  }

  private ExtractorException fenced(KafkaException cause) {
    return new ExtractorException(
        "worker %s was fenced: another worker runs under the same instance name, or a flush took longer than the transaction timeout; give each worker its own name, or raise the timeout"
            .formatted(instance),
        cause);
  }

  /**
   * What a commit is told that arrives while the broker's own abort of the overdue transaction is
   * just done (KAFKA-20785); the client hands it on as the cause of what is called next.
   */
  private static boolean isGivenUp(Throwable error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof InvalidTxnStateException) {
        return true;
      }
    }
    return false;
  }

  /**
   * A broker forgets a transactional id that was idle for long, by default a week. Then there is no
   * transaction to abort, and only a new producer can begin another.
   */
  private static boolean isForgotten(Throwable error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      // The client hands on the answer to an offset commit as its text alone.
      if (cause instanceof InvalidPidMappingException
          || String.valueOf(cause.getMessage())
              .contains(Errors.INVALID_PRODUCER_ID_MAPPING.message())) {
        return true;
      }
    }
    return false;
  }

  private void replace() {
    producer.close(Duration.ZERO);
    producer = open();
  }

  private void abort(KafkaException cause) {
    try {
      retrying("abort", producer::abortTransaction);
    } catch (InterruptException e) {
      throw e;
    } catch (KafkaException e) {
      if (isForgotten(e)) {
        replace();
        return;
      }
      e.addSuppressed(cause);
      throw new ExtractorException(
          "worker %s could not flush (%s), and not abort the flush either"
              .formatted(instance, cause.getMessage()),
          e);
    }
  }

  /**
   * After a timeout nobody knows whether the broker acted: only asking again for the same tells.
   */
  private void retrying(String what, Runnable action) {
    for (int attempt = 1; ; attempt++) {
      try {
        action.run();
        return;
      } catch (TimeoutException e) {
        if (attempt == ATTEMPTS) {
          throw new ExtractorException(
              "worker %s got no answer to the %s of a flush after %d attempts"
                  .formatted(instance, what, attempt),
              e);
        }
      }
    }
  }

  @Override
  public void close() {
    producer.close();
  }
}
