package io.dume.e2e;

import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.Wire;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Writes what it is given, valid or not, and says where it went. */
final class RawProducer implements AutoCloseable {

  private final KafkaProducer<byte[], byte[]> producer;

  RawProducer(String bootstrapServers) {
    this.producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bootstrapServers, "acks", "all"),
            new ByteArraySerializer(),
            new ByteArraySerializer());
  }

  /**
   * Where a record lies.
   *
   * @param topic its topic
   * @param partition its partition
   * @param offset its offset
   */
  record Place(String topic, int partition, long offset) {}

  Place send(ProducerRecord<byte[], byte[]> record) {
    try {
      RecordMetadata sent = producer.send(record).get();
      return new Place(sent.topic(), sent.partition(), sent.offset());
    } catch (ExecutionException e) {
      throw new AssertionError("could not be sent", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  /** Onto token-batches, to the partition of the key. */
  Place tokens(byte[] key, byte[] value) {
    return send(new ProducerRecord<>(Topics.DEFAULT.tokenBatches(), key, value));
  }

  Place tokens(TokenBatch batch) {
    return tokens(batch.getId().bytes(), Wire.encode(batch));
  }

  /** A valid token batch, whose id is right. */
  static TokenBatch batch(String document, String domain, List<List<Integer>> sequences) {
    Id id = Ids.ofRecord("test", document, 0);
    return new TokenBatch(id, "test", document, 0, domain, false, "", sequences);
  }

  @Override
  public void close() {
    producer.close();
  }
}
