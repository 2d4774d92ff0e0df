package io.dume.embedded;

import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What an {@link EmbeddedBroker} needs to know.
 *
 * @param dataDirectory where everything is kept; created when it does not exist, reused when it
 *     does
 * @param host the address to listen on; {@value #LOOPBACK} keeps the broker private to this machine
 * @param port the port to listen on, or 0 for a free one; the choice is remembered in the data
 *     directory and taken again at the next start if it is still free
 * @param brokerProperties further broker settings under Kafka's own names, stronger than this
 *     module's defaults
 * @param security users, encryption and access control; without it, everybody who can reach the
 *     port may do everything
 */
public record EmbeddedBrokerConfig(
    Path dataDirectory,
    String host,
    int port,
    Map<String, String> brokerProperties,
    Optional<BrokerSecurity> security) {

  /** The default host. */
  public static final String LOOPBACK = "127.0.0.1";

  /** The default message size limit of every topic, in bytes; a topic may set a lower one. */
  public static final int MAX_MESSAGE_BYTES = 32 << 20;

  /**
   * Settings that follow from being one node on one directory; to change them breaks the broker.
   */
  private static final Set<String> OWNED =
      Set.of(
          "process.roles",
          "node.id",
          "broker.id",
          "controller.quorum.voters",
          "controller.quorum.bootstrap.servers",
          "controller.listener.names",
          "listeners",
          "inter.broker.listener.name",
          "log.dir",
          "log.dirs",
          "metadata.log.dir");

  /** Settings that follow from {@link BrokerSecurity}, where there is one. */
  private static final Set<String> OWNED_WHEN_SECURE =
      Set.of(
          "advertised.listeners",
          "authorizer.class.name",
          "listener.security.protocol.map",
          "sasl.enabled.mechanisms",
          "sasl.mechanism.controller.protocol",
          "sasl.mechanism.inter.broker.protocol",
          "super.users");

  /**
   * @throws IllegalArgumentException if a value is outside its range or a property is one that the
   *     embedded broker sets itself
   */
  public EmbeddedBrokerConfig {
    Objects.requireNonNull(dataDirectory, "dataDirectory");
    Objects.requireNonNull(host, "host");
    if (host.isBlank()) {
      throw new IllegalArgumentException(
          "host is blank; give an address to listen on, such as " + LOOPBACK);
    }
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException(
          "port is " + port + "; give 1 to 65535, or 0 for a free port");
    }
    boolean secure = security.isPresent();
    brokerProperties.keySet().stream()
        .filter(name -> OWNED.contains(name) || (secure && OWNED_WHEN_SECURE.contains(name)))
        .findFirst()
        .ifPresent(
            name -> {
              throw new IllegalArgumentException(
                  "broker property "
                      + name
                      + " is set by the embedded broker itself; remove it (host, port, data"
                      + " directory and security have settings of their own)");
            });
    brokerProperties = Map.copyOf(brokerProperties);
  }

  /**
   * A broker on a free port of loopback.
   *
   * @param dataDirectory where everything is kept
   * @return a configuration to refine with the {@code with…} methods
   */
  public static EmbeddedBrokerConfig in(Path dataDirectory) {
    return new EmbeddedBrokerConfig(dataDirectory, LOOPBACK, 0, Map.of(), Optional.empty());
  }

  /**
   * @param newHost the address to listen on
   * @return a copy with that host
   */
  public EmbeddedBrokerConfig withHost(String newHost) {
    return new EmbeddedBrokerConfig(dataDirectory, newHost, port, brokerProperties, security);
  }

  /**
   * @param newPort the port to listen on, 0 for a free one
   * @return a copy with that port
   */
  public EmbeddedBrokerConfig withPort(int newPort) {
    return new EmbeddedBrokerConfig(dataDirectory, host, newPort, brokerProperties, security);
  }

  /**
   * @param name a broker setting under Kafka's own name
   * @param value its value
   * @return a copy with that property added or replaced
   */
  public EmbeddedBrokerConfig withBrokerProperty(String name, String value) {
    return withBrokerProperties(Map.of(name, value));
  }

  /**
   * @param additional broker settings under Kafka's own names
   * @return a copy with these properties added or replaced
   */
  public EmbeddedBrokerConfig withBrokerProperties(Map<String, String> additional) {
    Map<String, String> all = new TreeMap<>(brokerProperties);
    all.putAll(additional);
    return new EmbeddedBrokerConfig(dataDirectory, host, port, all, security);
  }

  /**
   * @param newSecurity users, encryption and access control
   * @return a copy with that security
   */
  public EmbeddedBrokerConfig withSecurity(BrokerSecurity newSecurity) {
    return new EmbeddedBrokerConfig(
        dataDirectory, host, port, brokerProperties, Optional.of(newSecurity));
  }
}
