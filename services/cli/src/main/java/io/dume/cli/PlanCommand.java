package io.dume.cli;

import io.dume.bench.FigureFile;
import io.dume.bench.Plan;
import io.dume.bench.Quantity;
import io.dume.bench.Rates;
import io.dume.bench.Workload;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dume plan}: what an installation needs. */
@Command(
    name = "plan",
    description = {
      "Computes what an installation of a size needs.",
      "Workers, accumulators and their memory, the brokers' disk and bandwidth, seconds a version; beside"
          + " each how it was computed. Rates come from a run of `dume bench`."
    },
    footer = {
      "",
      "An estimate of what to provide: rates are taken as they were measured, each part as if it had its"
          + " machine for itself. Bytes are counted in powers of 1000.",
      "",
      "Examples:",
      "  dume plan --d 4096 --layers 32 --domains 8 --tokens-per-second 1e6 --worker-tflops 300",
      "  dume plan --d 768 --layers 12 --domains 5 --tokens-per-second 500 --bench bench.json"
    })
final class PlanCommand implements Callable<Integer> {

  /** As Llama 3 has it. */
  private static final double INNER_OVER_WIDTH = 3.5;

  @Option(
      names = "--d",
      paramLabel = "N",
      required = true,
      description = "The hidden size; statistics have a row more.")
  private int width;

  @Option(names = "--layers", paramLabel = "N", required = true, description = "Layers.")
  private int layers;

  @Option(
      names = "--domains",
      paramLabel = "N",
      required = true,
      description = "Domains, each with statistics of its own.")
  private int domains;

  @Option(
      names = "--tokens-per-second",
      paramLabel = "N",
      required = true,
      description = "Tokens a second in all, as in 1e6.")
  private double tokensPerSecond;

  @Option(
      names = "--feed-forward",
      paramLabel = "N",
      description = "The inner width of an MLP. Default: 3.5 d, as in Llama 3.")
  private Optional<Integer> feedForward = Optional.empty();

  @Option(
      names = "--parameters",
      paramLabel = "N",
      description =
          "Parameters of one expert without its embeddings. Default: derived from the widths.")
  private Optional<Double> parameters = Optional.empty();

  @Option(
      names = {"--context", "--context-dim"},
      paramLabel = "N",
      defaultValue = "512",
      description = "Tokens of a sequence. Default: ${DEFAULT-VALUE}.")
  private int contextDim;

  @Option(
      names = "--vocabulary",
      paramLabel = "N",
      defaultValue = "32000",
      description = "Ids are below it. Default: ${DEFAULT-VALUE}.")
  private int vocabulary;

  @Option(
      names = "--worker-tflops",
      paramLabel = "N",
      description =
          "What a worker's device computes, 1e12 operations a second. Default: one thread, as measured.")
  private Optional<Double> workerTflops = Optional.empty();

  @Option(
      names = "--flush-interval",
      paramLabel = "TIME",
      defaultValue = "60s",
      description = "How often a worker flushes all domains. Default: ${DEFAULT-VALUE}.")
  private Duration flushInterval;

  @Option(
      names = "--cut-interval",
      paramLabel = "TIME",
      defaultValue = "60s",
      description = "How often there is a version. Default: ${DEFAULT-VALUE}.")
  private Duration cutInterval;

  @Option(
      names = "--replication",
      paramLabel = "N",
      defaultValue = "3",
      description = "Copies of each topic. Default: ${DEFAULT-VALUE}.")
  private int replication;

  @Option(
      names = "--solver-cores",
      paramLabel = "N",
      defaultValue = "8",
      description = "Cores that solve layers. Default: ${DEFAULT-VALUE}.")
  private int solverCores;

  @Option(
      names = "--bench",
      paramLabel = "FILE",
      description =
          "Rates of your machine, from `dume bench --out FILE`. Default, and for what it lacks: a"
              + " reference run.")
  private Optional<Path> bench = Optional.empty();

  @Spec private CommandSpec spec;

  private final CliContext cli;

  PlanCommand(CliContext cli) {
    this.cli = cli;
  }

  @Override
  public Integer call() throws IOException {
    Workload load = Usage.check(spec, this::workload);
    Rates measured =
        bench.isPresent()
            ? Rates.of(FigureFile.read(bench.get()), bench.get().getFileName().toString())
            : Rates.reference();
    Plan plan = new Plan(load, Usage.check(spec, () -> rates(measured)));
    print(plan.lines());
    plan.warnings().forEach(cli.console()::note);
    return ExitCode.OK;
  }

  private Workload workload() {
    return new Workload(
        width,
        layers,
        domains,
        tokensPerSecond,
        feedForward.orElse((int) Math.round(INNER_OVER_WIDTH * width)),
        parameters.map(count -> OptionalLong.of(Math.round(count))).orElse(OptionalLong.empty()),
        contextDim,
        vocabulary,
        flushInterval,
        cutInterval,
        replication,
        solverCores);
  }

  private Rates rates(Rates measured) {
    return workerTflops
        .map(tflops -> measured.withExtraction(new Rates.Rate(1e12 * tflops, "--worker-tflops")))
        .orElse(measured);
  }

  /** As a table whose last column is text, which begins on the left. */
  private void print(List<Plan.Line> lines) {
    int names = lines.stream().mapToInt(line -> line.what().length()).max().orElse(0);
    for (Plan.Line line : lines) {
      cli.console()
          .result(
              "%s%s  %13s   %s"
                  .formatted(
                      line.what(),
                      " ".repeat(names - line.what().length()),
                      Quantity.of(line.value(), line.unit()),
                      line.how()));
    }
  }
}
