package io.dume.extractor;

import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.Fit;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.RangeAssignor;

/** The Kafka settings of a worker: its preferences, the user's, and what correctness asks for. */
final class ClientSettings {
  private static final long SLOWEST_BYTES_PER_SECOND = 16L << 20;
  private static final Duration SHORTEST = Duration.ofSeconds(10);

  /** The longest that a broker allows unless it is configured otherwise. */
  private static final Duration LONGEST = Duration.ofMinutes(15);

  /** Within which a broker answers what it need not wait for. */
  private static final Duration ORDINARY_ANSWER = Duration.ofMinutes(1);

  /** What a poll's records, a flush and a rebalance may take without such a wait. */
  private static final Duration ORDINARY_POLL = Duration.ofMinutes(10);

  private ClientSettings() {}

  static Properties consumer(FeatureExtractorConfig config, Fit fit, long flushBytes) {
    Duration answer = openFlush(config, flushBytes);
    Duration poll = transactionTimeout(config, flushBytes).plus(ORDINARY_POLL);
    Properties properties =
        config
            .kafka()
            .consumer(
                Map.of(
                    "client.id",
                    clientId(config),
                    // Few at a time: a rebalance and a cut wait for the records of one poll.
                    "max.poll.records",
                    "4",
                    // Committed offsets are told only when the transaction of a worker that died in
                    // one has timed out; that wait is part of a rebalance, and so of a poll.
                    "default.api.timeout.ms",
                    Long.toString(answer.toMillis()),
                    "max.poll.interval.ms",
                    Long.toString(poll.toMillis()),
                    "max.partition.fetch.bytes",
                    "8388608",
                    "fetch.max.bytes",
                    "16777216"));
    properties.put("group.id", config.topics().workers(fit.getId()));
    properties.put("isolation.level", "read_committed");
    properties.put("enable.auto.commit", "false");
    // A partition without a committed offset starts where the fit does, and nowhere else.
    properties.put("auto.offset.reset", "none");
    // Eager: all partitions are revoked, and so flushed, before any moves.
    properties.put("group.protocol", "classic");
    properties.put("partition.assignment.strategy", RangeAssignor.class.getName());
    if (config.staticMembership()) {
      properties.put("group.instance.id", config.instance());
    } else {
      properties.remove("group.instance.id");
    }
    return properties;
  }

  /** A third of what the group allows between two polls: the rest is for one slow record more. */
  static Duration batchTime(Properties consumer) {
    return Duration.ofMillis(Long.parseLong(consumer.get("max.poll.interval.ms").toString()))
        .dividedBy(3);
  }

  static Properties producer(FeatureExtractorConfig config, long flushBytes) {
    Properties properties =
        config
            .kafka()
            .producer(
                Map.of(
                    "client.id", clientId(config),
                    "buffer.memory", "67108864",
                    "transaction.timeout.ms",
                        Long.toString(transactionTimeout(config, flushBytes).toMillis())));
    properties.put("transactional.id", config.topics().prefix() + "worker-" + config.instance());
    properties.put("acks", "all");
    properties.put("enable.idempotence", "true");
    int atLeast = Topics.MAX_MESSAGE_BYTES;
    int configured = Integer.parseInt(properties.getOrDefault("max.request.size", "0").toString());
    properties.put("max.request.size", Integer.toString(Math.max(atLeast, configured)));
    return properties;
  }

  /** Above the time of a flush, and no higher: a worker that dies in one holds up its readers. */
  static Duration transactionTimeout(FeatureExtractorConfig config, long flushBytes) {
    if (config.transactionTimeout().isPresent()) {
      return config.transactionTimeout().get();
    }
    Duration derived = SHORTEST.plusSeconds(flushBytes / SLOWEST_BYTES_PER_SECOND);
    return derived.compareTo(LONGEST) > 0 ? LONGEST : derived;
  }

  /** How long to wait for what a worker that died in a flush has left open. */
  static Duration openFlush(FeatureExtractorConfig config, long flushBytes) {
    return transactionTimeout(config, flushBytes).plus(ORDINARY_ANSWER);
  }

  private static String clientId(FeatureExtractorConfig config) {
    return config.topics().prefix() + "worker-" + config.instance();
  }
}
