package io.dume.e2e.hostile;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.wire.MalformedMessageException;
import io.dume.schemas.wire.Wire;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** The dead letters of the services, by the place of the record that they are about. */
final class Letters implements AutoCloseable {
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final TopicPartition partition = new TopicPartition(Messages.TOPICS.deadLetters(), 0);
  private final Set<Long> forged;
  private final Map<Outlet.Place, String> reasons = new HashMap<>();

  /**
   * @param forged offsets of dead-letters that a stranger wrote
   */
  Letters(String bootstrapServers, Set<Long> forged) {
    this.forged = forged;
    this.consumer =
        new KafkaConsumer<>(
            KafkaSettings.of(bootstrapServers).reader(Map.of()),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
    consumer.assign(List.of(partition));
    consumer.seekToBeginning(List.of(partition));
  }

  /** All there are now, with their reasons. */
  Map<Outlet.Place, String> read() {
    long end = consumer.endOffsets(List.of(partition)).get(partition);
    while (consumer.position(partition) < end) {
      consumer.poll(Duration.ofMillis(200)).forEach(this::take);
    }
    return reasons;
  }

  private void take(ConsumerRecord<byte[], byte[]> record) {
    if (forged.contains(record.offset())) {
      return;
    }
    DeadLetter letter;
    try {
      letter = Wire.decode(record.value(), DeadLetter.class);
    } catch (MalformedMessageException e) {
      throw new AssertionError("a service wrote no dead letter at " + record.offset(), e);
    }
    if (letter.getReason().isBlank() || letter.getDetail().isBlank()) {
      throw new AssertionError("a letter says nothing: " + letter);
    }
    reasons.put(
        new Outlet.Place(letter.getTopic(), letter.getPartition(), letter.getOffset()),
        letter.getReason());
  }

  @Override
  public void close() {
    consumer.close();
  }
}
