package io.dume.embedded;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;

/**
 * Which ports a broker listens on. Kafka wants the controller's in its settings, so before binding.
 */
final class Ports {

  private static final String FILE = "broker.port";

  private Ports() {}

  /**
   * The port to listen on: the one that was asked for, else the one of last time, else a free one.
   *
   * @throws EmbeddedBrokerException if the port that was asked for is taken
   */
  static int choose(EmbeddedBrokerConfig config) {
    if (config.port() != 0) {
      if (!isFree(config.host(), config.port())) {
        throw taken(config.host(), config.port());
      }
      return config.port();
    }
    OptionalInt last = remembered(config.dataDirectory());
    return last.isPresent() && isFree(config.host(), last.getAsInt())
        ? last.getAsInt()
        : free(config.host());
  }

  static EmbeddedBrokerException taken(String host, int port) {
    return new EmbeddedBrokerException(
        "port "
            + port
            + " on "
            + host
            + " is in use by another program; stop it, or choose another port (0 takes a free one)");
  }

  static int free(String host) {
    try (ServerSocket socket = bound(host, 0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw cannotListen(host, e);
    }
  }

  static void remember(Path dataDirectory, int port) {
    try {
      Files.writeString(dataDirectory.resolve(FILE), Integer.toString(port));
    } catch (IOException e) {
      throw new EmbeddedBrokerException(
          "the data directory " + dataDirectory + " cannot be written: " + e, e);
    }
  }

  private static OptionalInt remembered(Path dataDirectory) {
    Path file = dataDirectory.resolve(FILE);
    if (!Files.exists(file)) {
      return OptionalInt.empty();
    }
    try {
      int port = Integer.parseInt(Files.readString(file).strip());
      return port > 0 && port <= 65_535 ? OptionalInt.of(port) : OptionalInt.empty();
    } catch (IOException | NumberFormatException e) {
      // The port is a convenience: a file torn by a crash costs no more than a new port.
      return OptionalInt.empty();
    }
  }

  private static boolean isFree(String host, int port) {
    try (ServerSocket socket = bound(host, port)) {
      return socket.isBound();
    } catch (BindException e) {
      if (String.valueOf(e.getMessage()).contains("assign")) {
        throw cannotListen(host, e);
      }
      return false;
    } catch (IOException e) {
      throw cannotListen(host, e);
    }
  }

  private static ServerSocket bound(String host, int port) throws IOException {
    ServerSocket socket = new ServerSocket();
    try {
      // As Kafka does: a port whose old connections still time out is free.
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getByName(host), port));
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  private static EmbeddedBrokerException cannotListen(String host, IOException cause) {
    return new EmbeddedBrokerException(
        "cannot listen on host "
            + host
            + " ("
            + cause.getMessage()
            + "); give an address of this machine, such as "
            + EmbeddedBrokerConfig.LOOPBACK,
        cause);
  }
}
