package io.dume.cli;

import io.dume.embedded.EmbeddedBrokerConfig;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/** Where the embedded broker listens, and any setting of Kafka's broker. */
final class BrokerOptions {

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      defaultValue = EmbeddedBrokerConfig.LOOPBACK,
      description =
          "The address to listen on. There is no authentication: any but a loopback address opens the"
              + " data to the network. Default: ${DEFAULT-VALUE}.")
  private String host;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "9092",
      description = "The port to listen on; 0 takes a free one. Default: ${DEFAULT-VALUE}.")
  private int port;

  @Option(
      names = "--broker-config",
      paramLabel = "KEY=VALUE",
      split = EnvironmentDefaults.SPLIT,
      splitSynopsisLabel = "",
      description = "Any setting of Kafka's broker; may be repeated.")
  private Map<String, String> settings = new LinkedHashMap<>();

  /** A broker on a directory, with these options. */
  EmbeddedBrokerConfig on(Path directory) {
    return EmbeddedBrokerConfig.in(directory)
        .withHost(host)
        .withPort(port)
        .withBrokerProperties(settings);
  }
}
