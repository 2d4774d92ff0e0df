package io.dume.cli;

import io.dume.models.ModelConfig;
import io.dume.router.RouterHistory;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code dume up}: everything in one process. */
@Command(
    name = "up",
    description = {
      "Runs broker, workers, accumulator and solver in one process.",
      "It runs until it is stopped; its data directory survives restarts."
    },
    footer = {
      "",
      "Example:",
      "  dume up --data data --model merged &",
      "  dume feed --model merged --domain math notes.txt",
      "  dume versions --follow"
    })
final class UpCommand implements Callable<Integer> {

  private static final Duration POLL = Duration.ofMillis(250);

  @Option(
      names = "--data",
      paramLabel = "DIR",
      required = true,
      description = "The broker's data and the stores; made when it does not exist.")
  private Path data;

  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--workers",
      paramLabel = "N",
      defaultValue = "1",
      description = "Feature extractors, each with a copy of the model. Default: ${DEFAULT-VALUE}.")
  private int workers;

  @Mixin private BrokerOptions broker = new BrokerOptions();
  @Mixin private FitOptions fit = new FitOptions();
  @Mixin private FlushOptions flush = new FlushOptions();
  @Mixin private CutOptions cuts = new CutOptions();
  @Mixin private FoldOptions fold = new FoldOptions();
  @Mixin private SolverOptions solver = new SolverOptions();
  @Mixin private PartitionOptions partitions = new PartitionOptions();
  @Mixin private TopicOptions topics = new TopicOptions();
  @Mixin private ClientOptions clients = new ClientOptions();

  private final CliContext context;

  UpCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws Exception {
    StopSignal stop = context.stop().arm();
    Console console = context.console();
    try (Installation installation = Installation.start(plan(), context.clock(), console)) {
      console.result("bootstrap servers: " + installation.kafka().bootstrapServers());
      console.note("running; Ctrl-C stops everything in order");
      try (RouterHistory history =
          RouterHistory.open(installation.kafka(), installation.topics(), installation.router())) {
        boolean noted = false;
        while (!stop.awaitFor(Duration.ZERO) && !installation.failure().isDone()) {
          history.next(POLL).forEach(event -> console.result(VersionLines.of(event)));
          if (!noted && installation.retired().isPresent()) {
            console.note(installation.retired().get());
            noted = true;
          }
        }
      }
      installation.requireWell();
    }
    return ExitCode.OK;
  }

  private Installation.Plan plan() throws IOException {
    int positions =
        ModelConfig.read(model.directory().resolve("config.json")).maxPositionEmbeddings();
    Map<String, String> settings = new LinkedHashMap<>(clients.settings());
    return new Installation.Plan(
        broker.on(data),
        model.directory(),
        model.deviceForLater(),
        fit.features(),
        fit.gramType(),
        workers,
        topics.topics(),
        partitions.partitions(),
        settings,
        fit.settings(positions),
        flush.policy(),
        cuts.policy(),
        fold::refine,
        solver::refine);
  }
}
