package io.dume.accumulator;

import static org.apache.kafka.clients.consumer.ConsumerConfig.FETCH_MAX_BYTES_CONFIG;
import static org.apache.kafka.clients.consumer.ConsumerConfig.GROUP_INSTANCE_ID_CONFIG;
import static org.apache.kafka.clients.consumer.ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG;
import static org.apache.kafka.clients.consumer.ConsumerConfig.MAX_POLL_RECORDS_CONFIG;
import static org.apache.kafka.clients.consumer.ConsumerConfig.RECEIVE_BUFFER_CONFIG;
import static org.apache.kafka.clients.consumer.ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG;
import static org.apache.kafka.clients.producer.ProducerConfig.BUFFER_MEMORY_CONFIG;
import static org.apache.kafka.clients.producer.ProducerConfig.MAX_REQUEST_SIZE_CONFIG;
import static org.apache.kafka.clients.producer.ProducerConfig.SEND_BUFFER_CONFIG;
import static org.apache.kafka.clients.producer.ProducerConfig.TRANSACTION_TIMEOUT_CONFIG;
import static org.apache.kafka.streams.StreamsConfig.mainConsumerPrefix;
import static org.apache.kafka.streams.StreamsConfig.producerPrefix;
import static org.apache.kafka.streams.StreamsConfig.restoreConsumerPrefix;
import static org.apache.kafka.streams.StreamsConfig.topicPrefix;

import io.dume.schemas.kafka.Topics;
import io.dume.topology.StateStoreSettings;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.streams.StreamsConfig;

/** The settings of the two Streams applications. */
final class StreamsSettings {
  private static final String SEQUENCER = "sequencer";
  private static final String FOLD = "fold";

  /** A manifest that waits is kept with its coordinates, so changelogs take a little more. */
  private static final int MAX_MESSAGE_BYTES = Topics.MAX_MESSAGE_BYTES + (1 << 20);

  private static final int MEBIBYTE = 1 << 20;
  private static final int USE_DEFAULT_BUFFER_SIZE = -1;

  private StreamsSettings() {}

  static Properties sequencer(AccumulatorConfig config) {
    Map<String, Object> defaults = common(config, SEQUENCER);
    // Everybody waits for the sequencer's orders.
    defaults.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 50);
    defaults.put(StreamsConfig.POLL_MS_CONFIG, 20);
    defaults.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
    // A manifest of a large model has megabytes.
    defaults.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 8);
    defaults.put(mainConsumerPrefix(MAX_POLL_RECORDS_CONFIG), 16);
    defaults.put(producerPrefix(TRANSACTION_TIMEOUT_CONFIG), 10_000);
    return finish(config, defaults, SEQUENCER, FOLD);
  }

  static Properties fold(AccumulatorConfig config) {
    Map<String, Object> defaults = common(config, FOLD);
    defaults.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, config.foldThreads());
    // What changes between two commits is written once. The default of 100 ms would write all of it
    // all the time.
    defaults.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, config.commitInterval().toMillis());
    defaults.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, config.cacheBytes());
    // Records of half a megabyte: the default of 1000 a partition would be half a gigabyte.
    defaults.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 32);
    defaults.put(mainConsumerPrefix(MAX_POLL_RECORDS_CONFIG), 100);
    defaults.put(
        producerPrefix(TRANSACTION_TIMEOUT_CONFIG),
        Math.toIntExact(config.transactionTimeout().toMillis()));
    return finish(config, defaults, FOLD, SEQUENCER);
  }

  private static Map<String, Object> common(AccumulatorConfig config, String application) {
    Map<String, Object> defaults = new HashMap<>();
    defaults.put(
        StreamsConfig.CLIENT_ID_CONFIG,
        config.topics().prefix() + application + "-" + config.instanceId());
    defaults.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    // A static member that leaves for good says nothing: its tasks wait this long for others.
    defaults.put(mainConsumerPrefix(SESSION_TIMEOUT_MS_CONFIG), 15_000);
    defaults.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, -1);
    defaults.put(
        StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, StateStoreSettings.class.getName());
    defaults.put(mainConsumerPrefix(MAX_PARTITION_FETCH_BYTES_CONFIG), 8 * MEBIBYTE);
    defaults.put(mainConsumerPrefix(FETCH_MAX_BYTES_CONFIG), 32 * MEBIBYTE);
    defaults.put(restoreConsumerPrefix(MAX_PARTITION_FETCH_BYTES_CONFIG), 8 * MEBIBYTE);
    // The kernel's own buffers grow with the load: the next megabytes arrive while these are
    // folded. Kafka's fixed ones of 64 and 128 KiB are what a fold would wait for.
    defaults.put(mainConsumerPrefix(RECEIVE_BUFFER_CONFIG), USE_DEFAULT_BUFFER_SIZE);
    defaults.put(restoreConsumerPrefix(RECEIVE_BUFFER_CONFIG), USE_DEFAULT_BUFFER_SIZE);
    defaults.put(producerPrefix(SEND_BUFFER_CONFIG), USE_DEFAULT_BUFFER_SIZE);
    defaults.put(producerPrefix(MAX_REQUEST_SIZE_CONFIG), MAX_MESSAGE_BYTES);
    defaults.put(producerPrefix(BUFFER_MEMORY_CONFIG), 64L * MEBIBYTE);
    defaults.put(topicPrefix(TopicConfig.MAX_MESSAGE_BYTES_CONFIG), MAX_MESSAGE_BYTES);
    // Changelogs are rewritten whole again and again; small segments let compaction keep up.
    defaults.put(topicPrefix(TopicConfig.SEGMENT_BYTES_CONFIG), 128 * MEBIBYTE);
    defaults.put(GROUP_INSTANCE_ID_CONFIG, config.instanceId());
    return defaults;
  }

  private static Properties finish(
      AccumulatorConfig config, Map<String, Object> defaults, String application, String other) {
    Properties properties = config.kafka().streams(defaults);
    for (String name : new TreeSet<>(properties.stringPropertyNames())) {
      if (name.startsWith(application + ".")) {
        properties.put(name.substring(application.length() + 1), properties.remove(name));
      } else if (name.startsWith(other + ".")) {
        properties.remove(name);
      }
    }
    // Without these it would not be correct, so they are nobody's choice.
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, config.topics().prefix() + application);
    properties.put(StreamsConfig.STATE_DIR_CONFIG, config.stateDirectory().toString());
    properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    return properties;
  }
}
