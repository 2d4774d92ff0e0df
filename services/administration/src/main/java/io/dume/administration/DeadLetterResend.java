package io.dume.administration;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.Header;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Sends token batches that were set aside again, as they were, under their own ids: what has been
 * counted meanwhile is not counted twice. Only records of token-batches: the other topics hold what
 * services tell each other, and a part of a flush alone is worth nothing. One thread at a time.
 */
public final class DeadLetterResend implements AutoCloseable {
  /** Waits for the broker when so many are on their way. */
  private static final int IN_FLIGHT = 1000;

  private final Topics topics;
  private final KafkaProducer<byte[], byte[]> producer;
  private final List<Future<?>> sent = new ArrayList<>();

  /** What became of a letter. */
  public enum Outcome {
    /** Its record is on token-batches again. */
    SENT,
    /** It is not of token-batches. */
    NOT_A_TOKEN_BATCH,
    /** The letter has no room for the record, and says where it lies. */
    NOT_IN_THE_LETTER
  }

  /**
   * Opens a producer.
   *
   * @param kafka how to reach the cluster
   * @param topics the installation
   */
  public DeadLetterResend(KafkaSettings kafka, Topics topics) {
    this.topics = topics;
    var settings =
        kafka.producer(
            Map.of(
                "client.id",
                topics.prefix() + "dead-letters-resend",
                "max.request.size",
                Integer.toString(Topics.MAX_MESSAGE_BYTES)));
    settings.put("acks", "all");
    settings.put("enable.idempotence", "true");
    this.producer =
        new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /**
   * Sends the record of a letter again.
   *
   * @param letter the letter
   * @return whether it was sent
   * @throws AdministrationException if the broker refuses what was sent
   * @throws InterruptedException if interrupted while the broker answers
   */
  public Outcome resend(DeadLetter letter) throws InterruptedException {
    if (!letter.getTopic().equals(topics.tokenBatches())) {
      return Outcome.NOT_A_TOKEN_BATCH;
    }
    Optional<byte[]> value = letter.getValue().map(DeadLetterResend::bytes);
    if (value.isEmpty()) {
      return Outcome.NOT_IN_THE_LETTER;
    }
    // By the key, not where it was: it may be here because somebody put it elsewhere.
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(
            topics.tokenBatches(),
            letter.getKey().map(DeadLetterResend::bytes).orElse(null),
            value.get());
    for (Header header : letter.getHeaders()) {
      record.headers().add(new RecordHeader(header.getKey(), bytes(header.getValue())));
    }
    sent.add(producer.send(record));
    if (sent.size() >= IN_FLIGHT) {
      flush();
    }
    return Outcome.SENT;
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  /**
   * Waits until the broker has everything.
   *
   * @throws AdministrationException if it refuses
   * @throws InterruptedException if interrupted while it answers
   */
  public void flush() throws InterruptedException {
    try {
      for (Future<?> record : sent) {
        record.get();
      }
    } catch (ExecutionException e) {
      throw new AdministrationException(
          "re-sending to %s failed: %s; start again, nothing counts twice"
              .formatted(topics.tokenBatches(), e.getCause().getMessage()),
          e.getCause());
    }
    sent.clear();
  }

  /** Closes the producer; what was not flushed may be lost. */
  @Override
  public void close() {
    producer.close();
  }
}
