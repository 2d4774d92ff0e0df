package io.dume.cli;

import io.dume.embedded.EmbeddedBrokerConfig;
import io.dume.extractor.FitSettings;
import io.dume.extractor.FlushPolicy;
import io.dume.models.Device;
import io.dume.models.GramType;
import io.dume.schemas.kafka.Topics;
import io.dume.solver.FactorisationChoice;
import io.dume.topology.sequencer.CutPolicy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code dume fit}: the whole pipeline over a file, in one process. */
@Command(
    name = "fit",
    description =
        "Solves a router from a file of token batches: the whole pipeline with an embedded broker, in"
            + " this process, until everything is folded and solved.",
    footer = {
      "",
      "A line of the file is {\"domain\": \"…\", \"sequences\": [[ids], …]}; a domain is an expert's"
          + " name.",
      "The exit status is 0 if every line counted, and 3 if some were set aside; they are listed.",
      "",
      "Example:",
      "  dume fit --model merged --batches batches.jsonl --context-dim 512 --lambda 0.01 --out fit"
    })
final class FitCommand implements Callable<Integer> {

  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--batches",
      paramLabel = "FILE",
      required = true,
      description = "The token batches, one JSON object a line.")
  private Path batches;

  @Option(
      names = "--context-dim",
      paramLabel = "N",
      required = true,
      description = "How many positions of a sequence count.")
  private int contextDim;

  @Option(
      names = "--lambda",
      paramLabel = "X",
      defaultValue = "0.01",
      description = "The ridge penalty. Default: ${DEFAULT-VALUE}, as in the paper.")
  private double lambda;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description =
          "Receives router.safetensors, statistics.safetensors (layers.N.A and layers.N.b, float64,"
              + " whole) and version.json.")
  private Path out;

  @Option(
      names = "--workers",
      paramLabel = "N",
      defaultValue = "1",
      description = "Feature extractors that share the work. Default: ${DEFAULT-VALUE}.")
  private int workers;

  @Option(
      names = "--gram",
      paramLabel = "TYPE",
      defaultValue = "FLOAT64",
      description =
          "Type of the Gram matrix's products: float64 or float32. Default: ${DEFAULT-VALUE}.")
  private GramType gramType;

  @Option(
      names = "--factorisation",
      paramLabel = "NAME",
      defaultValue = "AUTO",
      description = "auto, ejml or openblas. Default: ${DEFAULT-VALUE}.")
  private FactorisationChoice factorisation;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "Keeps the broker's data and the stores there, to be inspected. Default: a temporary"
              + " directory that is removed.")
  private Optional<Path> data = Optional.empty();

  private final CliContext context;

  FitCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws Exception {
    if (!Files.isReadable(batches)) {
      throw new IllegalArgumentException(
          "--batches %s can't be read; check the path".formatted(batches));
    }
    if (data.isPresent()) {
      return run(data.get());
    }
    try (TemporaryDirectory temporary = TemporaryDirectory.make("dume-fit")) {
      return run(temporary.path());
    }
  }

  private int run(Path directory) throws Exception {
    Device device = model.device();
    Installation.Plan plan =
        new Installation.Plan(
            EmbeddedBrokerConfig.in(directory).withPort(0),
            model.directory(),
            device,
            gramType,
            workers,
            Topics.DEFAULT,
            new Topics.Partitions(Math.max(4, workers), 2),
            Map.of(),
            FitSettings.of(contextDim),
            new FlushPolicy(Duration.ofMinutes(1), FlushPolicy.DEFAULT.tokens(), 2L << 30),
            CutPolicy.ON_DEMAND,
            config -> config,
            solver -> solver.withLambda(lambda).withFactorisation(factorisation));
    StopSignal stop = context.stop().arm();
    try (Installation installation = Installation.start(plan, context.clock(), context.console())) {
      return new FitRun(installation, model.directory(), context.console(), stop).run(batches, out);
    }
  }
}
