package io.dume.cli;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import picocli.CommandLine.Option;

/** Which cluster, which topics, and any setting of Kafka's clients. */
final class KafkaOptions {

  @Option(
      names = "--bootstrap-servers",
      paramLabel = "HOST:PORT[,…]",
      defaultValue = "127.0.0.1:9092",
      description = "Brokers to ask first. Default: ${DEFAULT-VALUE}.")
  private String bootstrapServers;

  @Option(
      names = "--kafka-config",
      paramLabel = "KEY=VALUE",
      split = EnvironmentDefaults.SPLIT,
      splitSynopsisLabel = "",
      description = {
        "Any setting of Kafka's clients; may be repeated. As it is, it goes to every client; with one"
            + " of the prefixes consumer. producer. admin. streams. to those alone; with topic. to the"
            + " topics that are created."
      })
  private Map<String, String> settings = new LinkedHashMap<>();

  @Option(
      names = "--kafka-config-file",
      paramLabel = "FILE",
      description = "A properties file of such settings; --kafka-config wins over it.")
  private Optional<Path> settingsFile;

  @Option(
      names = "--topic-prefix",
      paramLabel = "PREFIX",
      defaultValue = "dume.",
      description =
          "What the names of all topics begin with; installations with different prefixes can share a"
              + " cluster. Default: ${DEFAULT-VALUE}")
  private String topicPrefix;

  /**
   * How to reach the cluster.
   *
   * @throws IOException if the file of settings cannot be read
   */
  KafkaSettings settings() throws IOException {
    Map<String, String> all = new LinkedHashMap<>();
    if (settingsFile.isPresent()) {
      all.putAll(read(settingsFile.get()));
    }
    all.putAll(settings);
    return new KafkaSettings(bootstrapServers, all);
  }

  /** The topics of this installation. */
  Topics topics() {
    return new Topics(topicPrefix);
  }

  private static Map<String, String> read(Path file) throws IOException {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      properties.load(reader);
    } catch (IllegalArgumentException e) {
      throw new IOException(
          "--kafka-config-file %s is not a properties file: %s".formatted(file, e.getMessage()), e);
    }
    Map<String, String> settings = new LinkedHashMap<>();
    properties.stringPropertyNames().forEach(k -> settings.put(k, properties.getProperty(k)));
    return settings;
  }
}
