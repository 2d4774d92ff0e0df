package io.dume.feed;

import io.dume.schemas.kafka.DeadLetters;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.FormatUnavailableException;
import io.dume.schemas.wire.MessageFormat;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Sends without waiting for each record; what the broker refuses comes out at the next call. Used
 * by one thread.
 */
final class RecordSender implements AutoCloseable {
  /** Room for what surrounds a record in its batch. */
  private static final int LARGEST_VALUE = Topics.MAX_MESSAGE_BYTES - 1024;

  private final KafkaProducer<byte[], byte[]> producer;
  private final Topics topics;
  private final MessageFormat format;
  private final AtomicReference<Exception> failure = new AtomicReference<>();
  // Written by the producer's thread, read after a flush.
  private final Map<Integer, Long> positions = new TreeMap<>();

  /**
   * @param stopped whether to give up waiting for what the format depends on
   */
  RecordSender(KafkaSettings kafka, Topics topics, BooleanSupplier stopped) {
    this.topics = topics;
    this.format = kafka.format().waiting(stopped);
    Properties properties =
        kafka.producer(
            Map.of(
                "client.id", topics.prefix() + "feed",
                "linger.ms", "20",
                // A feed is long work: it waits out a broker that is killed and elected for.
                "request.timeout.ms", "10000",
                "delivery.timeout.ms", "600000"));
    properties.put("acks", "all");
    properties.put("enable.idempotence", "true");
    properties.remove("transactional.id");
    int configured = Integer.parseInt(properties.getOrDefault("max.request.size", "0").toString());
    properties.put(
        "max.request.size", Integer.toString(Math.max(Topics.MAX_MESSAGE_BYTES, configured)));
    this.producer =
        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /**
   * Sends a record.
   *
   * @throws UnusableException if it is larger than a message may be
   * @throws FeedException if an earlier one could not be sent, or the feed was stopped while this
   *     one waited
   */
  void send(TokenBatch batch) throws UnusableException {
    byte[] value = encoded(() -> format.encode(topics.tokenBatches(), batch));
    if (value.length > LARGEST_VALUE) {
      throw new UnusableException(
          SetAsideDocument.DOCUMENT_TOO_LARGE,
          "a record of %d bytes: a message has at most %d; use fewer or shorter sequences"
              .formatted(value.length, LARGEST_VALUE));
    }
    send(
        new ProducerRecord<>(topics.tokenBatches(), batch.getId().bytes(), value),
        metadata -> {
          synchronized (positions) {
            positions.merge(metadata.partition(), metadata.offset() + 1, Math::max);
          }
        });
  }

  /** Sends a dead letter. */
  void sendLetter(DeadLetter letter) {
    byte[] value = encoded(() -> DeadLetters.encode(format, topics, letter));
    send(new ProducerRecord<>(topics.deadLetters(), 0, null, value), metadata -> {});
  }

  private static byte[] encoded(Supplier<byte[]> encoding) {
    try {
      return encoding.get();
    } catch (FormatUnavailableException e) {
      throw failed(e);
    }
  }

  private interface OnAcknowledged {
    void at(RecordMetadata metadata);
  }

  private void send(ProducerRecord<byte[], byte[]> record, OnAcknowledged acknowledged) {
    throwFailure();
    try {
      producer.send(
          record,
          (metadata, e) -> {
            if (e == null) {
              acknowledged.at(metadata);
            } else {
              failure.compareAndSet(null, e);
            }
          });
    } catch (KafkaException e) {
      throw failed(e);
    }
  }

  /**
   * Waits until everything is acknowledged.
   *
   * @throws FeedException if something was not
   */
  void flush() {
    try {
      producer.flush();
    } catch (KafkaException e) {
      throw failed(e);
    }
    throwFailure();
  }

  /** For each partition the position after the last acknowledged record. */
  Map<Integer, Long> positions() {
    synchronized (positions) {
      return Map.copyOf(positions);
    }
  }

  private void throwFailure() {
    Exception e = failure.get();
    if (e != null) {
      throw failed(e);
    }
  }

  private static FeedException failed(Exception e) {
    return new FeedException(
        "a record could not be sent (%s); send everything again, ids stay the same"
            .formatted(e.getMessage()),
        e);
  }

  @Override
  public void close() {
    producer.close();
  }
}
