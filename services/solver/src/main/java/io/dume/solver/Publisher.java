package io.dume.solver;

import io.dume.router.RouterHistory;
import io.dume.schemas.kafka.DeadLetters;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.wire.MessageFormat;
import io.dume.solver.RouterMessages.Keyed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The one fenced publisher of a router. Opening it fences every earlier one of the same router and
 * waits until its last transaction has ended; only then is the last version number read. Owned by
 * one thread.
 */
final class Publisher implements AutoCloseable {
  private static final Pattern LAST_VERSION = Pattern.compile("last-version=(\\d{1,18})");

  private final Topics topics;
  private final MessageFormat format;
  private final KafkaProducer<byte[], byte[]> producer;
  private long lastVersion;

  private Publisher(Topics topics, MessageFormat format, KafkaProducer<byte[], byte[]> producer) {
    this.topics = topics;
    this.format = format;
    this.producer = producer;
  }

  /**
   * Takes over the router.
   *
   * @throws AbandonedException if the cluster does not answer in time or another took over
   */
  static Publisher takeOver(SolverConfig config) {
    var properties =
        config
            .kafka()
            .producer(
                Map.of(
                    "client.id",
                    clientId(config) + "-producer",
                    "max.request.size",
                    Integer.toString(Topics.MAX_MESSAGE_BYTES)));
    properties.put("transactional.id", clientId(config));
    properties.put("enable.idempotence", "true");
    properties.put("acks", "all");
    Publisher publisher =
        new Publisher(
            config.topics(),
            config.kafka().format(),
            new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer()));
    try {
      publisher.producer.initTransactions();
      try (RouterHistory history =
          RouterHistory.open(config.kafka(), config.topics(), config.router())) {
        publisher.lastVersion = history.highestNumber().orElse(0);
      }
      return publisher;
    } catch (RuntimeException e) {
      publisher.close();
      throw Abandonment.of(e);
    }
  }

  /** The group and the transactional id of a router, and the stem of client ids. */
  static String clientId(SolverConfig config) {
    return config.topics().prefix() + "solver-" + config.router();
  }

  /** The number that the next version gets. */
  long nextVersion() {
    return Math.addExact(lastVersion, 1);
  }

  /**
   * Counts a version that was published earlier.
   *
   * @param version its number, or 0 where there was none
   */
  void stayAbove(long version) {
    lastVersion = Math.max(lastVersion, version);
  }

  /**
   * The last version as the metadata of a committed position has it. The topic alone can't be
   * trusted with it: whoever may write there can hide the last number behind a lower one.
   *
   * @param metadata of a committed position, anyone's
   * @return the number, or 0 where none is
   */
  static long lastVersion(String metadata) {
    Matcher matcher = LAST_VERSION.matcher(metadata);
    return matcher.matches() ? Long.parseLong(matcher.group(1)) : 0;
  }

  /**
   * Publishes messages and commits positions, or neither.
   *
   * @param messages for router-versions; may be empty
   * @param deadLetters for dead-letters; may be empty
   * @param positions the next positions of what was consumed; may be empty
   * @param group the consumer group that they belong to
   * @throws AbandonedException if another instance took over; nothing was published
   */
  void publish(
      List<Keyed> messages,
      List<DeadLetter> deadLetters,
      Map<TopicPartition, Long> positions,
      ConsumerGroupMetadata group) {
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    long newest = lastVersion;
    for (Keyed keyed : messages) {
      if (keyed.message() instanceof RouterVersion version) {
        newest = Math.max(newest, version.getVersion());
      }
    }
    String metadata = "last-version=" + newest;
    positions.forEach(
        (partition, next) -> offsets.put(partition, new OffsetAndMetadata(next, metadata)));
    try {
      producer.beginTransaction();
      List<Future<?>> sent = new ArrayList<>();
      for (Keyed keyed : messages) {
        sent.add(
            producer.send(
                new ProducerRecord<>(
                    topics.routerVersions(),
                    0,
                    keyed.key(),
                    format.encode(topics.routerVersions(), keyed.message()))));
      }
      for (DeadLetter letter : deadLetters) {
        sent.add(
            producer.send(
                new ProducerRecord<>(
                    topics.deadLetters(), 0, null, DeadLetters.encode(format, topics, letter))));
      }
      for (Future<?> future : sent) {
        future.get();
      }
      if (!offsets.isEmpty()) {
        producer.sendOffsetsToTransaction(offsets, group);
      }
      producer.commitTransaction();
      lastVersion = newest;
    } catch (ExecutionException e) {
      throw Abandonment.of(
          e.getCause() instanceof RuntimeException cause
              ? cause
              : new KafkaException(e.getCause()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AbandonedException("interrupted", e);
    } catch (RuntimeException e) {
      throw Abandonment.of(e);
    }
  }

  /** Aborts what is not committed. */
  @Override
  public void close() {
    // A transaction that is open ends with the producer id: the next publisher's first act, or the
    // transaction timeout, aborts it.
    producer.close(Duration.ofSeconds(10));
  }
}
