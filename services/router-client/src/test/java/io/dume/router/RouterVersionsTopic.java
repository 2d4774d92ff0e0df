package io.dume.router;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** The topic of an installation of its own, and a transactional publisher. */
final class RouterVersionsTopic implements AutoCloseable {
  final KafkaSettings kafka;
  final Topics topics;
  private final KafkaProducer<byte[], byte[]> producer;

  RouterVersionsTopic(String bootstrapServers, String prefix) throws InterruptedException {
    this.kafka = KafkaSettings.of(bootstrapServers);
    this.topics = new Topics(prefix);
    try (Admin admin = Admin.create(kafka.admin())) {
      topics.create(admin, new Topics.Partitions(1, 1), Map.of());
    }
    this.producer =
        new KafkaProducer<>(
            kafka.producer(Map.of("transactional.id", prefix + "publisher")),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    producer.initTransactions();
  }

  void publish(List<byte[]> messages) {
    send(messages);
    producer.commitTransaction();
  }

  void abort(List<byte[]> messages) {
    send(messages);
    producer.flush();
    producer.abortTransaction();
  }

  private void send(List<byte[]> messages) {
    producer.beginTransaction();
    messages.forEach(
        message -> producer.send(new ProducerRecord<>(topics.routerVersions(), 0, null, message)));
  }

  /** Publishes whole versions, each in a transaction. */
  void publish(String router, int parts, long... versions) {
    for (long version : versions) {
      publish(Versions.messages(router, version, parts));
    }
  }

  @Override
  public void close() {
    producer.close();
  }
}
