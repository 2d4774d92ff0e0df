package io.dume.embedded;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running single-node KRaft broker in this JVM.
 *
 * <p>Starts in a few seconds the first time in a JVM and in well under one after that. Close it
 * when all clients are closed; a data directory that was not closed (kill -9) is recovered at the
 * next start. Safe for use by several threads.
 */
public final class EmbeddedBroker implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedBroker.class);

  /** Between finding a free port and Kafka's binding it, another process may take it. */
  private static final int ATTEMPTS = 5;

  private final EmbeddedBrokerConfig config;
  private final DirectoryLock lock;
  private final CompletableFuture<EmbeddedBrokerException> failure = new CompletableFuture<>();
  private final Consumer<EmbeddedBrokerException> onFault = failure::complete;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final KafkaRaftServer server;
  private final int port;

  private EmbeddedBroker(EmbeddedBrokerConfig config, DirectoryLock lock) {
    this.config = config;
    this.lock = lock;
    FatalFaults.listen(onFault);
    try {
      Path logs = config.dataDirectory().resolve("kafka").toAbsolutePath();
      format(logs);
      Started started = startWithRetries(logs);
      this.server = started.server();
      this.port = started.port();
      Ports.remember(config.dataDirectory(), port);
    } catch (RuntimeException e) {
      FatalFaults.forget(onFault);
      throw e;
    }
  }

  /**
   * Starts a broker and returns when it serves requests.
   *
   * @param config where and how
   * @return the running broker
   * @throws EmbeddedBrokerException if the data directory is in use or not writable, the port is
   *     taken, a property is wrong, or Kafka itself fails to start
   */
  public static EmbeddedBroker start(EmbeddedBrokerConfig config) {
    DirectoryLock lock = DirectoryLock.take(config.dataDirectory());
    try {
      return new EmbeddedBroker(config, lock);
    } catch (RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  /**
   * @return {@code host:port} for clients of this machine
   */
  public String bootstrapServers() {
    String host = config.host();
    try {
      if (InetAddress.getByName(host).isAnyLocalAddress()) {
        host = EmbeddedBrokerConfig.LOOPBACK;
      }
    } catch (UnknownHostException e) {
      throw new IllegalStateException("host " + host + " was resolved at start but is not now", e);
    }
    return BrokerSettings.bracketed(host) + ":" + port;
  }

  /**
   * @return the directory that holds everything of this broker
   */
  public Path dataDirectory() {
    return config.dataDirectory();
  }

  /**
   * A stage that completes, with the reason, if the running broker meets a fatal fault such as a
   * full or lost disk. It never completes otherwise. The broker should then be closed.
   *
   * @return the stage
   */
  public CompletionStage<EmbeddedBrokerException> failure() {
    return failure.minimalCompletionStage();
  }

  /** Stops the broker, waits until it has stopped, and frees the data directory. Idempotent. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    try {
      server.shutdown();
      server.awaitShutdown();
    } finally {
      FatalFaults.forget(onFault);
      lock.close();
    }
  }

  private record Started(KafkaRaftServer server, int port) {}

  private Started startWithRetries(Path logs) {
    for (int attempt = 1; ; attempt++) {
      int candidate = Ports.choose(config);
      try {
        return new Started(startOn(logs, candidate), candidate);
      } catch (EmbeddedBrokerException e) {
        if (attempt == ATTEMPTS || !causedByBind(e)) {
          throw e;
        }
        LOG.debug("Port was taken between choosing and binding, attempt {}", attempt, e);
      }
    }
  }

  private KafkaRaftServer startOn(Path logs, int candidate) {
    int controllerPort = Ports.free(EmbeddedBrokerConfig.LOOPBACK);
    Optional<SecureListeners> secure =
        config
            .security()
            .map(s -> new SecureListeners(s, Ports.free(EmbeddedBrokerConfig.LOOPBACK)));
    KafkaConfig kafka;
    try {
      kafka =
          new KafkaConfig(
              secure
                  .map(s -> BrokerSettings.secure(config, s, logs, candidate, controllerPort))
                  .orElseGet(() -> BrokerSettings.of(config, logs, candidate, controllerPort)),
              false);
    } catch (ConfigException | IllegalArgumentException e) {
      throw new EmbeddedBrokerException(
          "the broker properties are not valid: " + e.getMessage(), e);
    }
    KafkaRaftServer starting = null;
    try {
      starting = new KafkaRaftServer(kafka, Time.SYSTEM);
      starting.startup();
      secure.ifPresent(SecureListeners::writeUsers);
      return starting;
    } catch (Exception e) {
      if (starting != null) {
        stopAfter(starting, e);
      }
      throw new EmbeddedBrokerException(
          "the embedded broker on "
              + config.host()
              + ":"
              + candidate
              + ", data directory "
              + config.dataDirectory()
              + ", did not start: "
              + rootCause(e),
          e);
    }
  }

  private static void stopAfter(KafkaRaftServer starting, Exception cause) {
    try {
      starting.shutdown();
      starting.awaitShutdown();
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    }
  }

  private static boolean causedByBind(Throwable failure) {
    return Optional.ofNullable(failure.getCause())
        .filter(cause -> cause instanceof BindException || causedByBind(cause))
        .isPresent();
  }

  private static Throwable rootCause(Throwable failure) {
    return failure.getCause() == null ? failure : rootCause(failure.getCause());
  }

  /** Writes the identity of a new directory; leaves one that has it alone. */
  private static void format(Path logs) {
    if (Files.exists(logs.resolve("meta.properties"))) {
      return;
    }
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    try (PrintStream print = new PrintStream(output, true, StandardCharsets.UTF_8)) {
      Files.createDirectories(logs);
      new Formatter()
          .setPrintStream(print)
          .setNodeId(BrokerSettings.NODE_ID)
          .setClusterId(Uuid.randomUuid().toString())
          .setControllerListenerName(BrokerSettings.CONTROLLER_LISTENER)
          .setMetadataLogDirectory(logs.toString())
          .addDirectory(logs.toString())
          .run();
      LOG.debug("{}", output.toString(StandardCharsets.UTF_8).strip());
    } catch (IOException e) {
      throw new EmbeddedBrokerException(
          "the data directory " + logs + " cannot be written: " + e, e);
    } catch (Exception e) {
      throw new EmbeddedBrokerException("Kafka cannot format " + logs + ": " + e.getMessage(), e);
    }
  }
}
