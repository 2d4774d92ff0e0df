package io.dume.cli;

import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;

/** Which settings of Kafka's clients hold a secret. */
final class Secrets {

  private static final Set<String> NAMES = names();

  /** Settings of plug-ins, which Kafka does not know. */
  private static final Pattern LIKE_A_SECRET =
      Pattern.compile("(?i).*(password|passphrase|secret|credentials?|token)");

  private static final Pattern REFERENCE = Pattern.compile("(?s).*\\$\\{[^}]*:[^}]*}.*");

  private Secrets() {}

  /**
   * Whether a setting holds a secret, whatever its prefix.
   *
   * @param key as in {@code sasl.jaas.config} or {@code consumer.ssl.key.password}
   * @param value one that refers to a configuration provider, as in <code>${file:…:…}</code>, is
   *     none
   */
  static boolean isSecret(String key, String value) {
    return !REFERENCE.matcher(value).matches()
        && (NAMES.stream().anyMatch(name -> key.equals(name) || key.endsWith("." + name))
            || LIKE_A_SECRET.matcher(key).matches());
  }

  private static Set<String> names() {
    Set<String> names = new TreeSet<>();
    for (ConfigDef definition :
        new ConfigDef[] {
          ConsumerConfig.configDef(), ProducerConfig.configDef(), AdminClientConfig.configDef()
        }) {
      definition.configKeys().values().stream()
          .filter(key -> key.type == ConfigDef.Type.PASSWORD)
          .map(key -> key.name)
          .forEach(names::add);
    }
    return names;
  }
}
