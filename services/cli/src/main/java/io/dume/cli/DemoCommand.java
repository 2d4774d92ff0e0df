package io.dume.cli;

import io.dume.demo.DemoAssets;
import io.dume.embedded.EmbeddedBrokerConfig;
import io.dume.extractor.FitSettings;
import io.dume.extractor.FlushPolicy;
import io.dume.models.Device;
import io.dume.models.FeatureSource;
import io.dume.models.GramType;
import io.dume.models.MoErge;
import io.dume.schemas.kafka.Topics;
import io.dume.topology.sequencer.CutPolicy;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dume demo}: the main job, on real text with real experts over a real broker. */
@Command(
    name = "demo",
    description = {
      "Shows the main job in a few minutes, on real text with real experts.",
      "Merges five small experts that come with the project, streams the text of their domains through an embedded broker, and judges each router version as it arrives, beside the dense experts, all parameters averaged, random routing and the oracle."
    },
    footer = {"", "Example:", "  dume demo --report demo.json --keep-running"})
final class DemoCommand implements Callable<Integer> {

  private static final DateTimeFormatter RUN =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneId.systemDefault());

  /** One worker and one task that folds keep up with the feed; some room shows that they share. */
  private static final Topics.Partitions PARTITIONS = new Topics.Partitions(4, 2);

  private static final int WORKERS = 1;

  /** Short, so that a cut seldom waits for a flush and versions come while one looks on. */
  private static final FlushPolicy FLUSH =
      new FlushPolicy(
          Duration.ofSeconds(1), FlushPolicy.DEFAULT.tokens(), FlushPolicy.DEFAULT.bytes());

  /** So many versions come of themselves between the first and the last, which are asked for. */
  private static final int VERSIONS_ON_THE_WAY = 6;

  /** Longer than a demo: tokens alone lead to versions. */
  private static final Duration NO_CUT_INTERVAL = Duration.ofDays(1);

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "Receives experts, text, the merged model, the broker's data and the stores. Must not exist"
              + " or be empty. Default: dume-demo/ and the time of day.")
  private Optional<Path> data = Optional.empty();

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Receives the figures of the last version as JSON.")
  private Optional<Path> report = Optional.empty();

  @Option(
      names = "--keep-running",
      description = "Stays up after the last table, so that other commands can try things.")
  private boolean keepRunning;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "0",
      description = "The broker's port on the loopback address; 0 takes a free one.")
  private int port;

  @Option(
      names = "--tokens-per-domain",
      paramLabel = "N",
      defaultValue = "100000",
      description = "How much of each domain's text is fed, about. Default: ${DEFAULT-VALUE}.")
  private long tokensPerDomain;

  @Option(
      names = "--test-tokens-per-domain",
      paramLabel = "N",
      description = "How much of each domain's test text the last table reads. Default: all of it.")
  private Optional<Long> testTokens = Optional.empty();

  @Spec private CommandSpec spec;

  private final CliContext context;

  DemoCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws Exception {
    final long begin = System.nanoTime();
    report.ifPresent(file -> ResultFile.requireWritable("--report", file));
    StopSignal stop = context.stop().arm();
    Console console = context.console();
    if (!DumeCommandLine.verbosity(spec.commandLine().getParseResult()).verbose()) {
      // Every flush and cut is a line of the log, and would bury the table.
      Verbosity.onlyWarnings();
    }
    Path directory = directory();
    console.note("everything of this run goes to " + directory);
    DemoAssets.unpack(directory);
    Path model = merge(directory);
    console.note(
        "merged %d experts, each trained on one domain, into %s"
            .formatted(DemoAssets.DOMAINS.size(), model));
    try (Installation installation =
        Installation.start(plan(directory, model), context.clock(), console)) {
      console.note("a broker, a worker, an accumulator and a solver are up");
      DemoRun run =
          new DemoRun(
              installation,
              directory,
              model,
              new DemoRun.Extent(tokensPerDomain, testTokens.orElse(Long.MAX_VALUE)),
              console,
              stop,
              context.clock());
      DemoReport result = run.run().took(Duration.ofNanos(System.nanoTime() - begin));
      result.print(console);
      if (report.isPresent()) {
        result.write(report.get());
      }
      next(directory, installation);
      if (keepRunning) {
        stop.await(installation.failure());
      }
    }
    return ExitCode.OK;
  }

  private Path directory() throws IOException {
    return FreshDirectory.make(
        "--data",
        data.orElseGet(() -> Path.of("dume-demo", RUN.format(context.clock().instant()))));
  }

  private static Path merge(Path directory) throws IOException {
    Path model = directory.resolve("model");
    List<MoErge.Expert> experts =
        DemoAssets.DOMAINS.stream()
            .map(domain -> new MoErge.Expert(domain, DemoAssets.expert(directory, domain)))
            .toList();
    MoErge.merge(experts, model, MoErge.Options.DEFAULT);
    return model;
  }

  private Installation.Plan plan(Path directory, Path model) {
    return new Installation.Plan(
        EmbeddedBrokerConfig.in(directory.resolve("broker")).withPort(port),
        model,
        () -> Device.CPU,
        FeatureSource.MLP_INPUT,
        GramType.FLOAT64,
        WORKERS,
        Topics.DEFAULT,
        PARTITIONS,
        Map.of(),
        FitSettings.of(DemoAssets.CONTEXT_DIM),
        FLUSH,
        new CutPolicy(
            Math.max(1, DemoAssets.DOMAINS.size() * tokensPerDomain / VERSIONS_ON_THE_WAY),
            NO_CUT_INTERVAL),
        UnaryOperator.identity(),
        UnaryOperator.identity());
  }

  private void next(Path directory, Installation installation) {
    Console console = context.console();
    String server = installation.kafka().bootstrapServers();
    console.note("");
    console.note("What next:");
    if (keepRunning) {
      console.note("  in another terminal, on the broker at " + server + ":");
      console.note("    ./dume versions --bootstrap-servers " + server);
      console.note(
          "    ./dume router export --bootstrap-servers %s --out router.safetensors"
              .formatted(server));
      console.note(
          "    ./dume feed --bootstrap-servers %s --model %s --domain math FILE"
              .formatted(server, directory.resolve("model")));
      console.note("    ./dume solve --bootstrap-servers " + server);
      console.note("  Ctrl-C stops it.");
      return;
    }
    console.note("  go on with this data, and look at its versions from another terminal:");
    console.note(
        "    ./dume up --data %s --model %s --context-dim %d --port 9092"
            .formatted(
                directory.resolve("broker"), directory.resolve("model"), DemoAssets.CONTEXT_DIM));
    console.note("    ./dume versions");
    console.note("    ./dume router export --out router.safetensors");
    console.note("  merge experts of your own: ./dume moerge --help");
  }
}
