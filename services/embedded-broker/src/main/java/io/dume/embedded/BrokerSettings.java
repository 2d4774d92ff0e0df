package io.dume.embedded;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import kafka.server.KafkaConfig;

/** The Kafka settings of a single node, and what the user may say about them. */
final class BrokerSettings {

  static final int NODE_ID = 1;
  static final String CONTROLLER_LISTENER = "CONTROLLER";
  private static final String BROKER_LISTENER = "PLAINTEXT";

  /** Names with such a beginning are built by users, so Kafka's list of names lacks them. */
  private static final String LISTENER_PREFIX = "listener.name.";

  private BrokerSettings() {}

  /**
   * All settings of a broker whose ports are chosen.
   *
   * @throws EmbeddedBrokerException if a property of the user is not one of Kafka's
   */
  static Map<String, String> of(
      EmbeddedBrokerConfig config, Path logs, int port, int controllerPort) {
    Map<String, String> settings = new HashMap<>(singleNode());
    refuseUnknown(config.brokerProperties());
    advertised(config, port)
        .ifPresent(name -> settings.put("advertised.listeners", BROKER_LISTENER + "://" + name));
    settings.putAll(config.brokerProperties());
    settings.put("process.roles", "broker,controller");
    settings.put("node.id", Integer.toString(NODE_ID));
    settings.put("log.dirs", logs.toString());
    settings.put("controller.listener.names", CONTROLLER_LISTENER);
    settings.put("inter.broker.listener.name", BROKER_LISTENER);
    settings.putIfAbsent(
        "listener.security.protocol.map",
        CONTROLLER_LISTENER + ":PLAINTEXT," + BROKER_LISTENER + ":PLAINTEXT");
    String controller = EmbeddedBrokerConfig.LOOPBACK + ":" + controllerPort;
    settings.put("controller.quorum.voters", NODE_ID + "@" + controller);
    settings.put(
        "listeners",
        BROKER_LISTENER
            + "://"
            + address(config, port)
            + ","
            + CONTROLLER_LISTENER
            + "://"
            + controller);
    return settings;
  }

  /**
   * The settings of a broker with security: as {@link #of}, and beside the users' listener one of
   * its own on loopback.
   */
  static Map<String, String> secure(
      EmbeddedBrokerConfig config,
      SecureListeners secure,
      Path logs,
      int port,
      int controllerPort) {
    Map<String, String> settings = of(config, logs, port, controllerPort);
    String controller = CONTROLLER_LISTENER + "://" + EmbeddedBrokerConfig.LOOPBACK;
    settings.putAll(
        secure.settings(
            address(config, port),
            advertised(config, port).orElse(address(config, port)),
            controller + ":" + controllerPort));
    return settings;
  }

  private static String address(EmbeddedBrokerConfig config, int port) {
    return bracketed(config.host()) + ":" + port;
  }

  private static Map<String, String> singleNode() {
    Map<String, String> settings = new HashMap<>();
    // One node: nothing is replicated, and internal topics need few partitions to start fast.
    settings.put("offsets.topic.replication.factor", "1");
    settings.put("offsets.topic.num.partitions", "4");
    settings.put("transaction.state.log.replication.factor", "1");
    settings.put("transaction.state.log.min.isr", "1");
    settings.put("transaction.state.log.num.partitions", "4");
    settings.put("share.coordinator.state.topic.replication.factor", "1");
    settings.put("share.coordinator.state.topic.min.isr", "1");
    settings.put("share.coordinator.state.topic.num.partitions", "4");
    settings.put("default.replication.factor", "1");
    settings.put("min.insync.replicas", "1");
    // Nobody else is coming: do not wait for further members, allow quick detection of lost ones.
    settings.put("group.initial.rebalance.delay.ms", "0");
    settings.put("group.min.session.timeout.ms", "1000");
    // A flush is one transaction and may take long; a killed worker's must not linger once expired.
    settings.put("transaction.max.timeout.ms", "3600000");
    // Not sooner: after a kill the first look for overdue transactions must not come before the old
    // session has ended and partitions have a leader again. Kafka 4.3.1 then completes a
    // transaction
    // without writing its markers, and whoever waits for its offsets waits for ever.
    settings.put("transaction.abort.timed.out.transaction.cleanup.interval.ms", "10000");
    settings.put("message.max.bytes", Integer.toString(EmbeddedBrokerConfig.MAX_MESSAGE_BYTES));
    // After a kill, the broker's old session must end before it may register again.
    settings.put("broker.session.timeout.ms", "6000");
    settings.put("broker.heartbeat.interval.ms", "1000");
    // A misspelt topic is an error; topics are made with their own settings.
    settings.put("auto.create.topics.enable", "false");
    settings.put("log.retention.ms", "-1");
    settings.put("log.retention.bytes", "-1");
    settings.put("offsets.retention.minutes", Integer.toString(Integer.MAX_VALUE));
    // A service that was idle for a week goes on with the producer that it has.
    settings.put("transactional.id.expiration.ms", Integer.toString(Integer.MAX_VALUE));
    // The broker shares the heap and the cores with the services.
    settings.put("log.cleaner.dedupe.buffer.size", Integer.toString(16 << 20));
    settings.put("num.network.threads", "2");
    settings.put("num.io.threads", "4");
    settings.put("background.threads", "2");
    settings.put("num.recovery.threads.per.data.dir", "2");
    return settings;
  }

  private static void refuseUnknown(Map<String, String> properties) {
    for (String name : new TreeSet<>(properties.keySet())) {
      if (!name.startsWith(LISTENER_PREFIX) && !KafkaConfig.configDef().names().contains(name)) {
        throw new EmbeddedBrokerException(
            "broker property "
                + name
                + " is not a setting of Kafka's broker; check its spelling or remove it");
      }
    }
  }

  /**
   * A wildcard is an address to listen on, not one to connect to: clients are told the host name.
   */
  private static Optional<String> advertised(EmbeddedBrokerConfig config, int port) {
    try {
      if (!InetAddress.getByName(config.host()).isAnyLocalAddress()) {
        return Optional.empty();
      }
      String name = InetAddress.getLocalHost().getCanonicalHostName();
      return Optional.of(bracketed(name) + ":" + port);
    } catch (UnknownHostException e) {
      throw new EmbeddedBrokerException(
          "host "
              + config.host()
              + " cannot be resolved ("
              + e.getMessage()
              + "); give an address of this machine, or set the broker property"
              + " advertised.listeners",
          e);
    }
  }

  static String bracketed(String host) {
    return host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host;
  }
}
