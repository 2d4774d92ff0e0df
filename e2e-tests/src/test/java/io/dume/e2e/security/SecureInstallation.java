package io.dume.e2e.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dume.embedded.BrokerSecurity;
import io.dume.embedded.EmbeddedBroker;
import io.dume.embedded.EmbeddedBrokerConfig;
import io.dume.schemas.kafka.KafkaSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.acl.AccessControlEntryFilter;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.ResourcePatternFilter;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.core.ConditionFactory;

/**
 * A broker with TLS, SCRAM and access control lists, and a user with a file of settings for each
 * service. Every command line and everything that a command has said is kept for a look at the end.
 */
final class SecureInstallation implements AutoCloseable {

  static final String ADMIN = "admin";

  /** What all passwords here begin with, so that one search finds any of them. */
  static final String SECRET = "hush-";

  private static final byte[] KEY = {1};
  private static final Duration LIMIT = Duration.ofMinutes(3);

  private final Path directory;
  private final Certificates certificates;
  private final EmbeddedBroker broker;
  private final Admin admin;
  private final KafkaProducer<byte[], byte[]> producer;
  private final List<ServiceRun> runs = new ArrayList<>();

  SecureInstallation(Path directory, Collection<String> users) throws IOException {
    this.directory = directory;
    this.certificates = Certificates.make(directory, SECRET + "keystore");
    Map<String, String> passwords = new HashMap<>();
    users.forEach(user -> passwords.put(user, password(user)));
    passwords.put(ADMIN, password(ADMIN));
    this.broker =
        EmbeddedBroker.start(
            EmbeddedBrokerConfig.in(directory.resolve("broker"))
                .withSecurity(
                    new BrokerSecurity(
                        certificates.keystore(), SECRET + "keystore", passwords, Set.of(ADMIN))));
    this.admin = Admin.create(kafka(ADMIN).admin());
    this.producer =
        new KafkaProducer<>(
            kafka(ADMIN).producer(Map.of()), new ByteArraySerializer(), new ByteArraySerializer());
  }

  private static String password(String user) {
    return SECRET + user;
  }

  Admin admin() {
    return admin;
  }

  /** What a user's clients are told; the password stands in the settings. */
  KafkaSettings kafka(String user) {
    return kafka(user, password(user));
  }

  private KafkaSettings kafka(String user, String password) {
    return new KafkaSettings(
        broker.bootstrapServers(),
        Map.of(
            "security.protocol",
            "SASL_SSL",
            "sasl.mechanism",
            "SCRAM-SHA-512",
            "ssl.truststore.type",
            "PEM",
            "ssl.truststore.location",
            certificates.certificate().toString(),
            "sasl.jaas.config",
            "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"%s\" password=\"%s\";"
                .formatted(user, password)));
  }

  /** A file of a user's settings that holds the password. */
  Path fileWithSecret(String user) throws IOException {
    return fileWithSecret(user, password(user));
  }

  Path fileWithSecret(String user, String password) throws IOException {
    return write(user + "-with-secret.properties", kafka(user, password).settings());
  }

  /** A file of a user's settings that names another, which holds the password. */
  Path fileThatRefers(String user) throws IOException {
    Path secret = write(user + ".secret", Map.of("password", password(user)));
    Map<String, String> settings =
        new HashMap<>(kafka(user, "${file:%s:password}".formatted(secret)).settings());
    settings.put("config.providers", "file");
    settings.put(
        "config.providers.file.class",
        "org.apache.kafka.common.config.provider.FileConfigProvider");
    return write(user + ".properties", settings);
  }

  private Path write(String name, Map<String, String> settings) throws IOException {
    Properties properties = new Properties();
    properties.putAll(settings);
    Path file = directory.resolve(name);
    try (var writer = Files.newBufferedWriter(file)) {
      properties.store(writer, null);
    }
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
  }

  /** Starts a command under a user. */
  ServiceRun start(String user, Object... arguments) {
    try {
      return startWith(fileThatRefers(user), arguments);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  ServiceRun startWith(Path settings, Object... arguments) {
    List<String> all = new ArrayList<>(Arrays.stream(arguments).map(Object::toString).toList());
    all.addAll(List.of("--bootstrap-servers", broker.bootstrapServers()));
    all.addAll(List.of("--kafka-config-file", settings.toString()));
    ServiceRun run = ServiceRun.start(all);
    runs.add(run);
    return run;
  }

  /** Runs a command under a user to its end, which must be a good one. */
  ServiceRun run(String user, Object... arguments) {
    ServiceRun run = start(user, arguments);
    assertThat(run.await(LIMIT)).as(run.toString()).isZero();
    return run;
  }

  /** All entries of a user's lists, in the same order in each run. */
  List<AclBinding> lists(String user) {
    AclBindingFilter filter =
        new AclBindingFilter(
            ResourcePatternFilter.ANY,
            new AccessControlEntryFilter(
                "User:" + user, null, AclOperation.ANY, AclPermissionType.ANY));
    try {
      return admin.describeAcls(filter).values().get().stream()
          .sorted(Comparator.comparing(AclBinding::toString))
          .toList();
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  void remove(String user, AclBinding entry) throws InterruptedException, ExecutionException {
    admin.deleteAcls(List.of(entry.toFilter())).all().get();
    settled().until(() -> !lists(user).contains(entry));
  }

  void restore(String user, AclBinding entry) throws InterruptedException, ExecutionException {
    admin.createAcls(List.of(entry)).all().get();
    settled().until(() -> lists(user).contains(entry));
  }

  /** The broker has a change when it answers with it, which takes milliseconds. */
  private static ConditionFactory settled() {
    return await().pollInSameThread().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(10));
  }

  /** Sends bytes to a topic as the super user; with a key, which a compacted topic asks for. */
  void send(String topic, int partition, byte[] value)
      throws InterruptedException, ExecutionException {
    producer.send(new ProducerRecord<>(topic, partition, KEY, value)).get();
  }

  /** Everything that any command was told or has said. */
  String transcript() {
    StringBuilder all = new StringBuilder();
    runs.forEach(run -> all.append(run).append('\n'));
    return all.toString();
  }

  @Override
  public void close() {
    runs.forEach(ServiceRun::close);
    producer.close();
    admin.close();
    broker.close();
  }
}
