package io.dume.e2e.hostile;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Sends records in order, whatever they are, and says where each went. */
final class Outlet implements AutoCloseable {
  /** Where a record lies. */
  record Place(String topic, int partition, long offset) {}

  private record Sent(HostileRecord record, Future<RecordMetadata> at) {}

  private final String bootstrapServers;
  private final Map<String, KafkaProducer<byte[], byte[]>> producers = new HashMap<>();
  private final List<Sent> sent = new ArrayList<>();

  Outlet(String bootstrapServers) {
    this.bootstrapServers = bootstrapServers;
  }

  /** A batch with a record that must be refused is refused whole: it gets one of its own. */
  private KafkaProducer<byte[], byte[]> producer(String compression, boolean alone) {
    return producers.computeIfAbsent(
        compression + alone,
        name ->
            new KafkaProducer<>(
                Map.of(
                    "bootstrap.servers",
                    bootstrapServers,
                    "acks",
                    "all",
                    "compression.type",
                    compression,
                    "batch.size",
                    alone ? "0" : "16384",
                    "max.request.size",
                    Integer.toString(64 << 20),
                    "buffer.memory",
                    Integer.toString(128 << 20)),
                new ByteArraySerializer(),
                new ByteArraySerializer()));
  }

  void hostile(HostileRecord record) {
    sent.add(
        new Sent(record, producer(record.compression(), record.refused()).send(record.record())));
  }

  /** Not remembered: it may go anywhere but to dead-letters. */
  void good(ProducerRecord<byte[], byte[]> record) {
    producer("none", false).send(record);
  }

  /**
   * Waits until the broker has answered all.
   *
   * @return the hostile records with their places; nothing where the broker refused, as it should
   */
  Map<HostileRecord, Optional<Place>> settle() throws InterruptedException {
    producers.values().forEach(KafkaProducer::flush);
    Map<HostileRecord, Optional<Place>> places = new IdentityHashMap<>();
    for (Sent each : sent) {
      places.put(each.record(), place(each));
    }
    return places;
  }

  private static Optional<Place> place(Sent sent) throws InterruptedException {
    String what = sent.record().kind() + " to " + sent.record().record().topic();
    try {
      RecordMetadata at = sent.at().get();
      if (sent.record().refused()) {
        throw new AssertionError(what + " was taken by the broker");
      }
      return Optional.of(new Place(at.topic(), at.partition(), at.offset()));
    } catch (ExecutionException e) {
      boolean refusal =
          e.getCause() instanceof RecordTooLargeException
              || e.getCause() instanceof InvalidRecordException;
      if (!refusal || !sent.record().refused()) {
        throw new AssertionError(what + " could not be sent", e.getCause());
      }
      return Optional.empty();
    }
  }

  @Override
  public void close() {
    producers.values().forEach(KafkaProducer::close);
  }
}
