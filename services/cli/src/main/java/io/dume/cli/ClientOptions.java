package io.dume.cli;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Any setting of Kafka's clients. */
final class ClientOptions {

  private static final Logger LOG = LoggerFactory.getLogger(ClientOptions.class);

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--kafka-config",
      paramLabel = "KEY=VALUE",
      split = EnvironmentDefaults.SPLIT,
      splitSynopsisLabel = "",
      description = {
        "Any setting of Kafka's clients; may be repeated. As it is, it goes to every client; with one"
            + " of the prefixes consumer. producer. admin. streams. to those alone; with topic. to the"
            + " topics that are created. dume.serde=registry and apicurio.registry.url=URL write"
            + " token batches, versions and dead letters in a schema registry's wire format."
            + " Passwords belong in a file: --kafka-config-file."
      })
  private Map<String, String> settings = new LinkedHashMap<>();

  @Option(
      names = "--kafka-config-file",
      paramLabel = "FILE",
      description =
          "A properties file of such settings, secrets among them; --kafka-config wins over it.")
  private Optional<Path> settingsFile = Optional.empty();

  /**
   * The settings as given, with their prefixes.
   *
   * @throws IOException if the file of settings cannot be read
   * @throws ParameterException if a secret is not in a file
   */
  Map<String, String> settings() throws IOException {
    settings.forEach(this::refuseSecret);
    Map<String, String> all = new LinkedHashMap<>();
    if (settingsFile.isPresent()) {
      all.putAll(read(settingsFile.get()));
    }
    all.putAll(settings);
    return all;
  }

  /** Everybody on a machine sees its command lines, and the environment is no safe place either. */
  private void refuseSecret(String key, String value) {
    if (Secrets.isSecret(key, value)) {
      throw new ParameterException(
          spec.commandLine(),
          "--kafka-config %1$s: a secret must not be on a command line or in the environment; put it into a file that is yours alone (--kafka-config-file FILE), or name one: config.providers=file, config.providers.file.class=org.apache.kafka.common.config.provider.FileConfigProvider, %1$s=${file:FILE:KEY}"
              .formatted(key));
    }
  }

  private static void warnOfReaders(Path file, Map<String, String> settings) throws IOException {
    Optional<String> secret =
        settings.entrySet().stream()
            .filter(setting -> Secrets.isSecret(setting.getKey(), setting.getValue()))
            .map(Map.Entry::getKey)
            .findFirst();
    PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
    if (secret.isPresent()
        && view != null
        && view.readAttributes().permissions().contains(PosixFilePermission.OTHERS_READ)) {
      LOG.warn(
          "{} holds {} and may be read by everybody on this machine: chmod o-r {}",
          file,
          secret.get(),
          file);
    }
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
    warnOfReaders(file, settings);
    return settings;
  }
}
