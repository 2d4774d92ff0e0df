package io.dume.embedded;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialAlteration;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;

/**
 * The listeners of a broker with {@link BrokerSecurity}.
 *
 * <p>Users come through TLS and SCRAM. The broker itself talks to its controller, and to itself, on
 * loopback under a password that is drawn at each start and leaves the process nowhere but over
 * loopback: so it needs no key of its own there, and works before the cluster knows any user.
 */
final class SecureListeners {
  private static final String USERS = "USERS";
  private static final String OWN = "OWN";
  private static final int ITERATIONS = 4096;

  private final BrokerSecurity security;
  private final int ownPort;
  private final String ownPassword;

  SecureListeners(BrokerSecurity security, int ownPort) {
    this.security = security;
    this.ownPort = ownPort;
    byte[] random = new byte[32];
    new SecureRandom().nextBytes(random);
    this.ownPassword = HexFormat.of().formatHex(random);
  }

  Map<String, String> settings(String address, String advertised, String controller) {
    String own = OWN + "://" + ownAddress();
    Map<String, String> settings = new HashMap<>();
    settings.put("listeners", USERS + "://" + address + "," + own + "," + controller);
    settings.put("advertised.listeners", USERS + "://" + advertised + "," + own);
    settings.put(
        "listener.security.protocol.map",
        "%s:SASL_SSL,%s:SASL_PLAINTEXT,%s:SASL_PLAINTEXT"
            .formatted(USERS, OWN, BrokerSettings.CONTROLLER_LISTENER));
    settings.put("inter.broker.listener.name", OWN);
    settings.put("sasl.mechanism.inter.broker.protocol", "PLAIN");
    settings.put("sasl.mechanism.controller.protocol", "PLAIN");
    for (String listener : List.of(OWN, BrokerSettings.CONTROLLER_LISTENER)) {
      String prefix = prefix(listener);
      settings.put(prefix + "sasl.enabled.mechanisms", "PLAIN");
      settings.put(
          prefix + "plain.sasl.jaas.config",
          "%s user_%s=\"%s\";".formatted(login(), BrokerSecurity.BROKER_USER, ownPassword));
    }
    String users = prefix(USERS);
    settings.put(users + "sasl.enabled.mechanisms", BrokerSecurity.MECHANISM);
    settings.put(
        users + "scram-sha-512.sasl.jaas.config",
        "org.apache.kafka.common.security.scram.ScramLoginModule required;");
    settings.put(users + "ssl.keystore.type", "PKCS12");
    settings.put(users + "ssl.keystore.location", security.keystore().toString());
    settings.put(users + "ssl.keystore.password", security.keystorePassword());
    settings.put(users + "ssl.key.password", security.keystorePassword());
    settings.put(
        "authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
    settings.put(
        "super.users",
        Stream.concat(
                Stream.of(BrokerSecurity.BROKER_USER),
                new TreeSet<>(security.superUsers()).stream())
            .map(user -> "User:" + user)
            .collect(Collectors.joining(";")));
    return settings;
  }

  /**
   * Gives the users their passwords.
   *
   * @throws EmbeddedBrokerException if the cluster refuses
   */
  void writeUsers() {
    List<UserScramCredentialAlteration> alterations = new ArrayList<>();
    security
        .users()
        .forEach(
            (user, password) ->
                alterations.add(
                    new UserScramCredentialUpsertion(
                        user,
                        new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS),
                        password)));
    Properties properties = new Properties();
    properties.put("bootstrap.servers", ownAddress());
    properties.put("security.protocol", "SASL_PLAINTEXT");
    properties.put("sasl.mechanism", "PLAIN");
    properties.put("sasl.jaas.config", login() + ";");
    try (Admin admin = Admin.create(properties)) {
      admin.alterUserScramCredentials(alterations).all().get();
    } catch (ExecutionException e) {
      throw new EmbeddedBrokerException(
          "the users could not be written: " + e.getCause().getMessage(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EmbeddedBrokerException("interrupted while the users were written", e);
    }
  }

  private String ownAddress() {
    return EmbeddedBrokerConfig.LOOPBACK + ":" + ownPort;
  }

  private String login() {
    return "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"%s\" password=\"%s\""
        .formatted(BrokerSecurity.BROKER_USER, ownPassword);
  }

  private static String prefix(String listener) {
    return "listener.name." + listener.toLowerCase(java.util.Locale.ROOT) + ".";
  }
}
