package io.dume.bench;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * What Kafka alone takes of the time of a fold: plain clients with the settings of the fold's own.
 *
 * @param kafka how to reach the cluster
 * @param topics the installation
 */
record FoldFloor(KafkaSettings kafka, Topics topics) {
  private static final Duration POLL = Duration.ofMillis(100);
  private static final int MEBIBYTE = 1 << 20;

  /** A consumer with the settings of the fold's, at the beginning of a partition. */
  KafkaConsumer<byte[], byte[]> reader(TopicPartition partition) {
    KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            kafka.reader(
                Map.of(
                    "receive.buffer.bytes",
                    -1,
                    "max.partition.fetch.bytes",
                    8 * MEBIBYTE,
                    "fetch.max.bytes",
                    32 * MEBIBYTE,
                    "max.poll.records",
                    100)),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
    consumer.assign(List.of(partition));
    consumer.seekToBeginning(List.of(partition));
    return consumer;
  }

  /**
   * Consumes a whole partition and does nothing.
   *
   * @return seconds from the first records to the last
   */
  double consume(TopicPartition partition) {
    try (KafkaConsumer<byte[], byte[]> consumer = reader(partition)) {
      return consume(partition, 0, consumer.endOffsets(List.of(partition)).get(partition));
    }
  }

  /**
   * Consumes and does nothing.
   *
   * @param from the first offset
   * @param to the offset after the last
   * @return seconds from the first records to the last
   */
  double consume(TopicPartition partition, long from, long to) {
    try (KafkaConsumer<byte[], byte[]> consumer = reader(partition)) {
      consumer.seek(partition, from);
      long start = 0;
      while (consumer.position(partition) < to) {
        boolean any = !consumer.poll(POLL).isEmpty();
        if (any && start == 0) {
          start = System.nanoTime();
        }
      }
      return start == 0 ? 0 : (System.nanoTime() - start) * 1e-9;
    }
  }

  /**
   * Consumes, and at each commit writes the last records once more in a transaction: what an
   * exactly-once application can't do without.
   *
   * @param commits the offset that is consumed before the first one, and those of the records that
   *     are followed by a commit
   * @param records how many records a commit writes
   * @return seconds from the first records to the last commit
   */
  double consumeAndWrite(TopicPartition partition, List<Long> commits, int records)
      throws InterruptedException, ExecutionException {
    String topic = topics.prefix() + "written-again";
    try (Admin admin = Admin.create(kafka.admin())) {
      if (!admin.listTopics().names().get().contains(topic)) {
        NewTopic like =
            new NewTopic(topic, 1, (short) -1)
                .configs(
                    Map.of(
                        "cleanup.policy",
                        "compact",
                        "max.message.bytes",
                        Integer.toString(Topics.MAX_MESSAGE_BYTES + MEBIBYTE)));
        admin.createTopics(Set.of(like)).all().get();
      }
    }
    Iterator<Long> ends = commits.iterator();
    try (KafkaConsumer<byte[], byte[]> consumer = reader(partition);
        KafkaProducer<byte[], byte[]> producer = writer()) {
      producer.initTransactions();
      consumer.seek(partition, ends.next() + 1);
      Deque<ConsumerRecord<byte[], byte[]>> last = new ArrayDeque<>();
      long start = 0;
      long end = ends.next();
      while (true) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
          start = start == 0 ? System.nanoTime() : start;
          last.add(record);
          if (last.size() > records) {
            last.remove();
          }
          if (record.offset() == end) {
            write(producer, topic, last);
            if (!ends.hasNext()) {
              return (System.nanoTime() - start) * 1e-9;
            }
            end = ends.next();
          }
        }
      }
    }
  }

  private KafkaProducer<byte[], byte[]> writer() {
    return new KafkaProducer<>(
        kafka.producer(
            Map.of(
                "transactional.id",
                topics.prefix() + "written-again",
                "max.request.size",
                Topics.MAX_MESSAGE_BYTES + MEBIBYTE,
                "send.buffer.bytes",
                -1,
                "buffer.memory",
                64L * MEBIBYTE)),
        new ByteArraySerializer(),
        new ByteArraySerializer());
  }

  private static void write(
      KafkaProducer<byte[], byte[]> producer,
      String topic,
      Iterable<ConsumerRecord<byte[], byte[]>> records) {
    producer.beginTransaction();
    for (ConsumerRecord<byte[], byte[]> record : records) {
      producer.send(new ProducerRecord<>(topic, 0, record.key(), record.value()));
    }
    producer.commitTransaction();
  }
}
