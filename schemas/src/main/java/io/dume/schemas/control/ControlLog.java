package io.dume.schemas.control;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.wire.MalformedMessageException;
import io.dume.schemas.wire.Wire;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A reader and writer of the control log. It reads from the beginning, so its state is that of
 * every other reader at the same offset. Not thread-safe: one thread owns it.
 */
public final class ControlLog implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ControlLog.class);

  private final KafkaConsumer<byte[], byte[]> consumer;

  /**
   * Asks for the end on a connection of its own. A broker answers a connection in order, and on the
   * reader's there is always a fetch that waits for more: half a second, before every few records
   * of a worker.
   */
  private final KafkaConsumer<byte[], byte[]> ends;

  private final KafkaProducer<byte[], byte[]> producer;
  private final TopicPartition partition;
  private final ControlState state = new ControlState();

  /**
   * Opens the log and reads it to its end.
   *
   * @param kafka how to reach the cluster
   * @param topics the installation
   */
  public ControlLog(KafkaSettings kafka, Topics topics) {
    this.partition = new TopicPartition(topics.control(), 0);
    var read = kafka.reader(Map.of());
    var write = kafka.producer(Map.of());
    write.put("acks", "all");
    write.put("enable.idempotence", "true");
    write.remove("transactional.id");
    this.consumer =
        new KafkaConsumer<>(read, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    this.ends = new KafkaConsumer<>(read, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    this.producer =
        new KafkaProducer<>(write, new ByteArraySerializer(), new ByteArraySerializer());
    try {
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      // Never polled: it is assigned so that the client finds what it is told of the end no
      // surprise.
      ends.assign(List.of(partition));
      catchUp();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * What the log said up to the last read.
   *
   * @return the state, which changes with the next read
   */
  public ControlState state() {
    return state;
  }

  /**
   * Reads what is new.
   *
   * @param timeout how long to wait for something
   * @return the records that counted, in order
   */
  public List<SpecificRecord> poll(Duration timeout) {
    List<SpecificRecord> counted = new ArrayList<>();
    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(timeout)) {
      // The sequencer, which reads this log too, is the one that puts what is no message of it
      // into dead-letters.
      if (record.serializedValueSize() > Topics.MAX_CONTROL_BYTES) {
        LOG.warn(
            "{} offset {}: {} bytes, more than a record of it has",
            partition,
            record.offset(),
            record.serializedValueSize());
        continue;
      }
      try {
        SpecificRecord message = Wire.decode(record.value() == null ? new byte[0] : record.value());
        if (state.apply(message)) {
          counted.add(message);
        }
      } catch (MalformedMessageException e) {
        LOG.warn("{} offset {}: {}", partition, record.offset(), e.getMessage());
      }
    }
    return counted;
  }

  /** Reads to the end that the log has now. */
  public void catchUp() {
    long end = ends.endOffsets(List.of(partition)).get(partition);
    while (consumer.position(partition) < end) {
      poll(Duration.ofMillis(20));
    }
  }

  /**
   * Appends a record and reads up to it, so that {@link #state()} tells whether it counted.
   *
   * @param message a record of the control log
   * @return whether it counted, or another with the same content did meanwhile
   * @throws InterruptedException if interrupted while the broker answers
   * @throws IllegalStateException if the record could not be written
   */
  public boolean append(SpecificRecord message) throws InterruptedException {
    long offset;
    try {
      offset =
          producer
              .send(new ProducerRecord<>(partition.topic(), 0, null, Wire.encode(message)))
              .get()
              .offset();
    } catch (ExecutionException e) {
      throw new IllegalStateException(
          "writing to %s failed: %s".formatted(partition.topic(), e.getCause().getMessage()),
          e.getCause());
    }
    // Not only to the end of what is committed: behind another writer's open transaction that is
    // before our record.
    boolean counted = false;
    while (consumer.position(partition) <= offset) {
      counted |= poll(Duration.ofMillis(20)).contains(message);
    }
    return counted;
  }

  @Override
  public void close() {
    consumer.close();
    ends.close();
    producer.close();
  }
}
