package io.dume.extractor;

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
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnsupportedVersionException;

/** One producer transaction a flush: all of it with the consumer's offsets, or nothing. */
final class FlushTransaction {
  /** Each waits up to the producer's {@code max.block.ms}. */
  private static final int ATTEMPTS = 5;

  /** Takes the messages of a flush. */
  interface Sender extends Consumer<ProducerRecord<byte[], byte[]>> {}

  private final Producer<byte[], byte[]> producer;
  private final String instance;

  FlushTransaction(Producer<byte[], byte[]> producer, String instance) {
    this.producer = producer;
    this.instance = instance;
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
      throw new ExtractorException(
          "worker %s was fenced: another worker runs under the same instance name, or a flush took longer than the transaction timeout; give each worker its own name, or raise the timeout"
              .formatted(instance),
          e);
    } catch (OutOfOrderSequenceException
        | AuthenticationException
        | AuthorizationException
        | UnsupportedVersionException e) {
      throw new ExtractorException(
          "worker %s can't flush: %s".formatted(instance, e.getMessage()), e);
    } catch (KafkaException e) {
      abort(e);
      return Optional.of(e);
    }
  }

  private void abort(KafkaException cause) {
    try {
      retrying("abort", producer::abortTransaction);
    } catch (InterruptException e) {
      throw e;
    } catch (KafkaException e) {
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
}
