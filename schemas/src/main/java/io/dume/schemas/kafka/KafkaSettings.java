package io.dume.schemas.kafka;

import io.dume.schemas.wire.MessageFormat;
import io.dume.schemas.wire.MessageFormats;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;

/**
 * How a service reaches Kafka. Any client setting passes through: without a prefix it goes to every
 * client; with one of {@code consumer.}, {@code producer.}, {@code admin.}, {@code streams.} or
 * {@code topic.} to those alone, and wins there; with {@code dume.} or {@code apicurio.} it is
 * about the {@linkplain #format format} of messages, and no client sees it. What a service needs to
 * be correct (isolation level, idempotence, manual commits) it sets after these.
 *
 * @param bootstrapServers host:port of one or more brokers, comma-separated
 * @param settings any of Kafka's own settings, with or without a prefix
 */
public record KafkaSettings(String bootstrapServers, Map<String, String> settings) {
  /** Settings of ours, no client's. */
  private static final String FORMAT = "dume.";

  /** Settings of a schema registry's client. */
  private static final String REGISTRY = "apicurio.";

  private static final String[] PREFIXES = {
    "consumer.", "producer.", "admin.", "streams.", "topic.", FORMAT, REGISTRY
  };

  /** Streams has several consumers; these come in front of {@code consumer.}. */
  private static final List<String> CONSUMERS_OF_STREAMS = List.of("main.", "restore.", "global.");

  private static final List<String> CLIENTS_OF_STREAMS =
      List.of(
          "main.consumer.",
          "restore.consumer.",
          "global.consumer.",
          "consumer.",
          "producer.",
          "admin.");

  public KafkaSettings {
    if (bootstrapServers.isBlank()) {
      throw new IllegalArgumentException(
          "bootstrap servers are empty: name at least one broker as host:port");
    }
    settings = Map.copyOf(settings);
  }

  /**
   * Settings with nothing beside the brokers.
   *
   * @param bootstrapServers host:port of one or more brokers, comma-separated
   * @return the settings
   */
  public static KafkaSettings of(String bootstrapServers) {
    return new KafkaSettings(bootstrapServers, Map.of());
  }

  /**
   * Settings for a consumer.
   *
   * @param defaults what the service prefers; a user's setting wins
   * @return defaults, then settings without a prefix, then those with {@code consumer.}
   */
  public Properties consumer(Map<String, ?> defaults) {
    return client("consumer.", defaults);
  }

  /**
   * Settings for a consumer that belongs to no group: it reads partitions that it is assigned, from
   * where it seeks to, and sees only what was committed.
   *
   * @param defaults what the service prefers; a user's setting wins
   * @return as {@link #consumer}, and what such a reader needs to be correct
   */
  public Properties reader(Map<String, ?> defaults) {
    Properties properties = consumer(defaults);
    properties.put("isolation.level", "read_committed");
    properties.put("enable.auto.commit", "false");
    properties.put("auto.offset.reset", "earliest");
    properties.put("allow.auto.create.topics", "false");
    properties.remove("group.id");
    properties.remove("group.instance.id");
    return properties;
  }

  /**
   * Settings for a producer.
   *
   * @param defaults what the service prefers; a user's setting wins
   * @return defaults, then settings without a prefix, then those with {@code producer.}
   */
  public Properties producer(Map<String, ?> defaults) {
    return client("producer.", defaults);
  }

  /**
   * Settings for an admin client.
   *
   * @return settings without a prefix, then those with {@code admin.}
   */
  public Properties admin() {
    return client("admin.", Map.of());
  }

  /**
   * Settings for a Kafka Streams application. Streams has prefixes of its own ({@code
   * main.consumer.}, {@code producer.} …), which follow {@code streams.} here; {@code consumer.}
   * and {@code producer.} are handed on with their prefix.
   *
   * @param defaults what the service prefers; a user's setting wins
   * @return defaults, settings without a prefix, clients' settings, then those with {@code
   *     streams.}; a default for one kind of client, as in {@code main.consumer.}, gives way to a
   *     setting for all of that kind
   */
  public Properties streams(Map<String, ?> defaults) {
    Properties properties = new Properties();
    properties.putAll(defaults);
    settings.forEach(
        (key, value) -> {
          if (!hasPrefix(key)) {
            // A default for one kind of client must not stand in the way of what is meant for all.
            CLIENTS_OF_STREAMS.forEach(client -> properties.remove(client + key));
            properties.put(key, value);
          }
        });
    settings.forEach(
        (key, value) -> {
          if (key.startsWith("consumer.")) {
            CONSUMERS_OF_STREAMS.forEach(consumer -> properties.remove(consumer + key));
            properties.put(key, value);
          } else if (key.startsWith("producer.") || key.startsWith("admin.")) {
            properties.put(key, value);
          }
        });
    properties.putAll(prefixed("streams."));
    properties.put("bootstrap.servers", bootstrapServers);
    return properties;
  }

  /**
   * Settings for topics when they are created.
   *
   * @return those with {@code topic.}, without it
   */
  public Map<String, String> topic() {
    return prefixed("topic.");
  }

  /**
   * How the messages that others read and write are encoded: the setting {@code dume.serde}, {@code
   * single-object} unless told otherwise. A format's own settings, as in {@code
   * apicurio.registry.url}, stand among the others and may refer to Kafka's configuration
   * providers.
   *
   * @return a new one, thread-safe; keep it, since it may have connections and caches
   * @throws IllegalArgumentException if there is no such format or its settings are wrong
   */
  public MessageFormat format() {
    Map<String, String> resolved = new HashMap<>();
    new AbstractConfig(new ConfigDef(), settings, false)
        .originals()
        .forEach((key, value) -> resolved.put(key, value.toString()));
    return MessageFormats.open(
        resolved.getOrDefault(MessageFormats.SETTING, MessageFormats.SINGLE_OBJECT), resolved);
  }

  /** Names without their values: some of these are passwords, and this may end up in a log. */
  @Override
  public String toString() {
    return "KafkaSettings[bootstrapServers=%s, settings=%s]"
        .formatted(bootstrapServers, new TreeSet<>(settings.keySet()));
  }

  private Properties client(String prefix, Map<String, ?> defaults) {
    Properties properties = new Properties();
    properties.putAll(defaults);
    settings.forEach(
        (key, value) -> {
          if (!hasPrefix(key)) {
            properties.put(key, value);
          }
        });
    properties.putAll(prefixed(prefix));
    properties.put("bootstrap.servers", bootstrapServers);
    return properties;
  }

  private Map<String, String> prefixed(String prefix) {
    Map<String, String> prefixed = new HashMap<>();
    settings.forEach(
        (key, value) -> {
          if (key.startsWith(prefix)) {
            prefixed.put(key.substring(prefix.length()), value);
          }
        });
    return prefixed;
  }

  private static boolean hasPrefix(String key) {
    for (String prefix : PREFIXES) {
      if (key.startsWith(prefix)) {
        return true;
      }
    }
    return false;
  }
}
