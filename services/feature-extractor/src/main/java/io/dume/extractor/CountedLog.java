package io.dume.extractor;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads which records of its partitions are counted, before a worker judges the first of them. */
final class CountedLog {
  private static final Logger LOG = LoggerFactory.getLogger(CountedLog.class);
  private static final Duration POLL = Duration.ofMillis(100);

  /** Of a topic that is full of something else, a log must not be full too. */
  private static final int MOST_WARNINGS = 10;

  private final KafkaSettings kafka;
  private final Topics topics;
  private final Duration patience;

  /**
   * @param patience how long to wait for a transaction that another worker has left open
   */
  CountedLog(KafkaSettings kafka, Topics topics, Duration patience) {
    this.kafka = kafka;
    this.topics = topics;
    this.patience = patience;
  }

  /**
   * Reads what is new of these partitions. A transaction that is open there may be a flush of who
   * had a partition before: its ids are known only when it has ended, and this waits for that.
   *
   * @throws ExtractorException if the end was not reached
   */
  void restore(Collection<Integer> partitions, Extraction extraction) {
    Map<TopicPartition, Long> ends = written(partitions);
    ends.entrySet()
        .removeIf(end -> extraction.countedFrom(end.getKey().partition()) >= end.getValue());
    if (ends.isEmpty()) {
      return;
    }
    try (KafkaConsumer<byte[], byte[]> reader =
        new KafkaConsumer<>(
            kafka.reader(Map.of("max.poll.records", "10000")),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      reader.assign(ends.keySet());
      ends.keySet().forEach(p -> reader.seek(p, extraction.countedFrom(p.partition())));
      read(reader, ends, extraction);
    }
  }

  private void read(
      KafkaConsumer<byte[], byte[]> reader, Map<TopicPartition, Long> ends, Extraction extraction) {
    long records = 0;
    int malformed = 0;
    long lastProgress = System.nanoTime();
    while (!ends.isEmpty()) {
      long before = records;
      for (ConsumerRecord<byte[], byte[]> record : reader.poll(POLL)) {
        records++;
        Optional<String> problem =
            extraction.restoreCounted(
                record.partition(),
                record.offset(),
                record.key() == null ? new byte[0] : record.key(),
                Optional.ofNullable(record.value()));
        if (problem.isPresent() && ++malformed <= MOST_WARNINGS) {
          LOG.warn(
              "{} partition {} offset {} is passed over: {}",
              record.topic(),
              record.partition(),
              record.offset(),
              problem.get());
        }
      }
      boolean reached =
          ends.entrySet()
              .removeIf(
                  end ->
                      Attempts.at("position", () -> reader.position(end.getKey()))
                          >= end.getValue());
      if (reached || records > before) {
        lastProgress = System.nanoTime();
      } else if (System.nanoTime() - lastProgress > patience.toNanos()) {
        throw new ExtractorException(
            "the ids that were counted could not be read to the end of %s within %s: a transaction there is open, of a worker that hangs or of a stranger (kafka-transactions.sh find-hanging names it)"
                .formatted(ends.keySet(), patience));
      }
    }
    if (malformed > MOST_WARNINGS) {
      LOG.warn("{} records of {} were passed over", malformed, topics.countedIds());
    }
    LOG.info("{} records of {} were read", records, topics.countedIds());
  }

  /** Also what is not committed, and may never be. */
  private Map<TopicPartition, Long> written(Collection<Integer> partitions) {
    Map<TopicPartition, OffsetSpec> wanted =
        partitions.stream()
            .collect(
                Collectors.toMap(
                    p -> new TopicPartition(topics.countedIds(), p), p -> OffsetSpec.latest()));
    if (wanted.isEmpty()) {
      return new HashMap<>();
    }
    try (Admin admin = Admin.create(kafka.admin())) {
      return Attempts.at("end of the counted ids", () -> ends(admin, wanted));
    }
  }

  private static Map<TopicPartition, Long> ends(
      Admin admin, Map<TopicPartition, OffsetSpec> wanted) {
    try {
      return admin
          .listOffsets(wanted, new ListOffsetsOptions(IsolationLevel.READ_UNCOMMITTED))
          .all()
          .get()
          .entrySet()
          .stream()
          .collect(
              Collectors.toMap(
                  Map.Entry<TopicPartition, ListOffsetsResult.ListOffsetsResultInfo>::getKey,
                  end -> end.getValue().offset()));
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException cause
          ? cause
          : new KafkaException(e.getCause());
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
  }
}
