package io.dume.cli;

import io.dume.bench.TemporaryDirectory;
import io.dume.embedded.EmbeddedBrokerConfig;
import io.dume.extractor.FitSettings;
import io.dume.extractor.FlushPolicy;
import io.dume.schemas.kafka.Topics;
import io.dume.topology.sequencer.CutPolicy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code dume fit}: the whole pipeline over a file, in one process. */
@Command(
    name = "fit",
    description = {
      "Solves a router from a file of token batches.",
      "The whole pipeline with an embedded broker, in this process, until everything is folded and solved."
    },
    footer = {
      "",
      "A line of the file is {\"domain\": \"…\", \"sequences\": [[ids], …]}; a domain is an expert's"
          + " name.",
      "The exit status is 0 if every line counted, and 3 if some were set aside; they are listed.",
      "",
      "Examples:",
      "  dume fit --model merged --batches batches.jsonl --context-dim 512 --lambda 0.01 --out fit",
      "  dume fit --model merged --batches batches.jsonl --context-dim 512 --features embedding"
          + " --out route"
    })
final class FitCommand implements Callable<Integer> {

  /** Each worker needs one; a few more let a worker that starts first share fairly. */
  private static final int LEAST_TOKEN_PARTITIONS = 4;

  private static final int STATISTICS_PARTITIONS = 2;

  /** The process has nothing else to hold: twice what a worker that runs alone may take. */
  private static final long FLUSH_BYTES = 2 * FlushPolicy.DEFAULT.bytes();

  /** Seldom: nobody waits for a version before the last line, and the cut flushes at once. */
  private static final FlushPolicy FLUSH =
      new FlushPolicy(Duration.ofMinutes(1), FlushPolicy.DEFAULT.tokens(), FLUSH_BYTES);

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

  @Mixin private SolverOptions solver = new SolverOptions();

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

  @Mixin private FeaturesOption features = new FeaturesOption();
  @Mixin private GramOption gram = new GramOption();

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "Keeps the broker's data and the stores there, to be inspected; must be empty. Default: a"
              + " temporary directory that is removed.")
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
    if (Files.isRegularFile(out)) {
      throw new IllegalArgumentException("--out %s is a file: name a directory".formatted(out));
    }
    Files.createDirectories(out);
    if (data.isPresent()) {
      return run(FreshDirectory.make("--data", data.get()));
    }
    try (TemporaryDirectory temporary = TemporaryDirectory.make("dume-fit")) {
      return run(temporary.path());
    }
  }

  private int run(Path directory) throws Exception {
    Installation.Plan plan =
        new Installation.Plan(
            EmbeddedBrokerConfig.in(directory).withPort(0),
            model.directory(),
            model.deviceForLater(),
            features.source(),
            gram.type(),
            workers,
            Topics.DEFAULT,
            new Topics.Partitions(Math.max(LEAST_TOKEN_PARTITIONS, workers), STATISTICS_PARTITIONS),
            Map.of(),
            FitSettings.of(contextDim),
            FLUSH,
            CutPolicy.ON_DEMAND,
            UnaryOperator.identity(),
            solver::refine);
    StopSignal stop = context.stop().arm();
    try (Installation installation = Installation.start(plan, context.clock(), context.console())) {
      return new FitRun(installation, model.directory(), context.console(), stop).run(batches, out);
    }
  }
}
