package io.dume.solver;

import io.dume.schemas.kafka.Topics;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Where a router's solvers stand, for somebody who is none: whoever publishes a version commits the
 * same position again, with the new number, so that the next solver stays above it even where the
 * topic hides it. Only for the router's publisher, since nobody else commits then. Owned by one
 * thread.
 */
final class CommittedCuts implements AutoCloseable {
  private final TopicPartition partition;
  private final KafkaConsumer<byte[], byte[]> consumer;

  /**
   * @param next the position of the cuts; empty where no solver has committed any yet
   * @param lastVersion the number that was committed with it, or 0
   */
  record Position(Map<TopicPartition, Long> next, long lastVersion) {}

  CommittedCuts(SolverConfig config) {
    Topics topics = config.topics();
    this.partition = new TopicPartition(topics.cuts(), 0);
    String group = Publisher.clientId(config);
    // A reader waits for commits that are still in a transaction.
    var properties = config.kafka().reader(Map.of("client.id", group + "-committed"));
    properties.put("group.id", group);
    properties.put("group.protocol", "classic");
    this.consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  Position position() {
    OffsetAndMetadata committed = consumer.committed(Set.of(partition)).get(partition);
    return committed == null
        ? new Position(Map.of(), 0)
        : new Position(
            Map.of(partition, committed.offset()), Publisher.lastVersion(committed.metadata()));
  }

  /** The group without a member: a transaction may commit for it, whoever is in it. */
  ConsumerGroupMetadata group() {
    return consumer.groupMetadata();
  }

  @Override
  public void close() {
    consumer.close();
  }
}
