package io.dume.router;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.wire.MessageFormat;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads router-versions at any place, committed records only. One thread reads; any thread may
 * close.
 */
final class RouterVersionsLog implements AutoCloseable {
  /** A version of one part is two records and the marker that commits them. */
  private static final long FIRST_WINDOW = 8;

  private static final int WINDOW_GROWTH = 4;

  /** Short: a poll that passes nothing but a commit marker waits for its whole time. */
  private static final Duration POLL = Duration.ofMillis(20);

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final MessageFormat format;
  private final TopicPartition partition;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Object reading = new Object();

  RouterVersionsLog(KafkaSettings kafka, Topics topics, String router) {
    this.format = kafka.format().waiting(this::closed);
    this.partition = new TopicPartition(topics.routerVersions(), 0);
    var properties =
        kafka.reader(
            Map.of(
                "client.id",
                topics.prefix() + "router-client-" + router,
                "max.partition.fetch.bytes",
                Integer.toString(8 << 20),
                "max.poll.records",
                "100",
                // After a seek nothing is answered until the fetch that waits at the end is.
                "fetch.max.wait.ms",
                "50"));
    this.consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    try {
      List<PartitionInfo> partitions = consumer.partitionsFor(partition.topic());
      if (partitions == null || partitions.isEmpty()) {
        throw new IllegalStateException(
            "topic %s does not exist at %s: check the brokers' address and the topic prefix"
                .formatted(partition.topic(), kafka.bootstrapServers()));
      }
      consumer.assign(List.of(partition));
    } catch (RuntimeException e) {
      consumer.close();
      throw e;
    }
  }

  /** Runs a piece of reading, or gives nothing if the log is closed before or meanwhile. */
  <T> Optional<T> read(Supplier<T> action) {
    synchronized (reading) {
      if (closed.get()) {
        return Optional.empty();
      }
      try {
        return Optional.of(action.get());
      } catch (WakeupException e) {
        // Only close() wakes the consumer up.
        return Optional.empty();
      }
    }
  }

  /** The format of the topic; it waits for what it depends on until this is closed. */
  MessageFormat format() {
    return format;
  }

  long beginning() {
    return consumer.beginningOffsets(List.of(partition)).get(partition);
  }

  /** Where the committed records end. */
  long end() {
    return consumer.endOffsets(List.of(partition)).get(partition);
  }

  void seek(long offset) {
    consumer.seek(partition, offset);
  }

  long position() {
    return consumer.position(partition);
  }

  void poll(Duration timeout, Consumer<ConsumerRecord<byte[], byte[]>> action) {
    consumer.poll(timeout).forEach(action);
  }

  /** Reads [from, to) and then stands at {@code to} or, where a batch ended later, after it. */
  void scan(long from, long to, Consumer<ConsumerRecord<byte[], byte[]>> action) {
    seek(from);
    while (position() < to) {
      poll(
          POLL,
          record -> {
            if (record.offset() < to) {
              action.accept(record);
            }
          });
    }
    seek(to);
  }

  /**
   * Scans windows that end at {@code end} and begin ever earlier, until one satisfies.
   *
   * @param window makes what a window's records are given to
   * @param satisfied whether that has what it needs after the window
   * @return the last one: satisfied, or having seen everything
   */
  <W extends Consumer<ConsumerRecord<byte[], byte[]>>> W scanBackwards(
      long end, Supplier<W> window, Predicate<W> satisfied) {
    long beginning = beginning();
    for (long length = FIRST_WINDOW; ; length *= WINDOW_GROWTH) {
      long from = Math.max(beginning, end - length);
      W seen = window.get();
      scan(from, end, seen);
      if (from == beginning || satisfied.test(seen)) {
        return seen;
      }
    }
  }

  boolean closed() {
    return closed.get();
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      consumer.wakeup();
      synchronized (reading) {
        consumer.close();
      }
    }
  }

  static byte[] value(ConsumerRecord<byte[], byte[]> record) {
    return record.value() == null ? new byte[0] : record.value();
  }

  static String where(ConsumerRecord<byte[], byte[]> record) {
    return "%s offset %d".formatted(record.topic(), record.offset());
  }
}
