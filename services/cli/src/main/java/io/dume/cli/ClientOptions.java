package io.dume.cli;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import picocli.CommandLine.Option;

/** Any setting of Kafka's clients. */
final class ClientOptions {

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
  private Optional<Path> settingsFile = Optional.empty();

  /**
   * The settings as given, with their prefixes.
   *
   * @throws IOException if the file of settings cannot be read
   */
  Map<String, String> settings() throws IOException {
    Map<String, String> all = new LinkedHashMap<>();
    if (settingsFile.isPresent()) {
      all.putAll(read(settingsFile.get()));
    }
    all.putAll(settings);
    return all;
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
