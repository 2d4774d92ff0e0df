package io.dume.cli;

import io.dume.embedded.EmbeddedBroker;
import io.dume.embedded.EmbeddedBrokerConfig;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dume broker}: Kafka alone, for services that run as processes of their own. */
@Command(
    name = "broker",
    description = {
      "Runs a single-node Kafka broker until it is stopped.",
      "For trying the services as separate processes on one machine."
    },
    footer = {"", "Example:", "  dume broker --data data/broker --port 9092"})
final class BrokerCommand implements Callable<Integer> {

  private final CliContext context;

  @Spec private CommandSpec spec;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      required = true,
      description = "Where everything is kept; made when it does not exist, reused when it does.")
  private Path directory;

  @Mixin private BrokerOptions options = new BrokerOptions();

  BrokerCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws InterruptedException {
    EmbeddedBrokerConfig config = Usage.check(spec, () -> options.on(directory));
    StopSignal stop = context.stop().arm();
    try (EmbeddedBroker broker = EmbeddedBroker.start(config)) {
      context.console().result("bootstrap servers: " + broker.bootstrapServers());
      stop.await(broker.failure());
    }
    return ExitCode.OK;
  }
}
