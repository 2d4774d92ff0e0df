package io.dume.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.dume.bench.Figure;
import io.dume.bench.FigureFile;
import io.dume.bench.Machine;
import io.dume.bench.Measurement;
import io.dume.bench.Report;
import io.dume.bench.ScalePlot;
import io.dume.bench.TargetPlot;
import io.dume.bench.TemporaryDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dume bench}: each part of the system against the floor under it. */
@Command(
    name = "bench",
    description = {
      "Measures each part of the system against the floor under it.",
      "The floor is what no such part can beat, measured in the same run and in turns: the matrix product"
          + " itself, consuming the same records and doing nothing, the bare factorisation."
    },
    footer = {
      "",
      "Columns: the median of the repetitions; their spread, (largest - smallest) / median; the floor's"
          + " median; the median of value / floor of each repetition; what is to be reached, and whether"
          + " it is. Figures are facts about one machine at one time: leave it alone meanwhile.",
      "",
      "--out holds an array of {\"name\", \"value\", \"floor\", \"unit\", \"ratio\", \"target\","
          + " \"reached\"}, null where there is none; the target is the limit of the ratio, or where that is"
          + " null, of the value less the floor. `dume plan --bench` reads it, and --from draws it.",
      "",
      "Exit status: 0 all was measured, whether or not it reached its target; 1 a measurement failed.",
      "",
      "Examples:",
      "  dume bench --quick",
      "  dume bench --out bench.json",
      "  dume bench --only kernels,solve",
      "  dume bench --from bench.json --plot bench.svg",
      "  dume bench --only scale --out scale.json --plot-scale scale.svg",
      "  DUME_JAVA_OPTS=-Ddume.bench.scale=3072x28x4 dume bench --only scale"
          + "  (d, layers, domains: needs 12 GiB of memory and 45 GB of disk)"
    })
final class BenchCommand implements Callable<Integer> {

  @Option(
      names = "--quick",
      description = {
        "Fewer and smaller repetitions: two minutes for all instead of twenty. What needs longer to"
            + " mean anything (memory) is left out unless --only names it."
      })
  private boolean quick;

  @Option(
      names = "--only",
      paramLabel = "NAME[,NAME…]",
      split = ",",
      description = "Takes these measurements alone; --list names all.")
  private List<String> only = List.of();

  @Option(names = "--list", description = "Lists the measurements and takes none.")
  private boolean list;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "Receives the figures as JSON when all are taken.")
  private Optional<Path> out = Optional.empty();

  @Option(
      names = "--plot",
      paramLabel = "FILE",
      description = "Receives a picture of the figures beside their targets, as SVG.")
  private Optional<Path> plot = Optional.empty();

  @Option(
      names = "--plot-scale",
      paramLabel = "FILE",
      description =
          "Receives a picture of how cost grows with d, as SVG, where scale was measured at two or"
              + " more.")
  private Optional<Path> plotScale = Optional.empty();

  @Option(
      names = "--from",
      paramLabel = "FILE",
      description = "Draws what --out wrote there before, and measures nothing.")
  private Optional<Path> from = Optional.empty();

  @Spec private CommandSpec spec;

  private final CliContext context;
  private final List<Measurement> all;

  /**
   * @param all what can be measured
   */
  BenchCommand(CliContext context, List<Measurement> all) {
    this.context = context;
    this.all = List.copyOf(all);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (list) {
      int width = all.stream().mapToInt(m -> m.name().length()).max().orElse(0);
      for (Measurement measurement : all) {
        String padding = " ".repeat(width - measurement.name().length());
        context.console().result(measurement.name() + padding + "  " + measurement.description());
      }
      return ExitCode.OK;
    }
    plot.ifPresent(file -> ResultFile.requireWritable("--plot", file));
    plotScale.ifPresent(file -> ResultFile.requireWritable("--plot-scale", file));
    if (from.isPresent()) {
      draw(from.get());
      return ExitCode.OK;
    }
    List<Measurement> chosen = chosen();
    out.ifPresent(file -> ResultFile.requireWritable("--out", file));
    Machine.here(context.environment()).lines().forEach(context.console()::result);
    Optional<Double> before = Machine.load();
    context.console().result(load("before", before));
    Report report = run(chosen);
    context.console().result(load("after", Machine.load()));
    before.flatMap(Machine::warning).ifPresent(context.console()::result);
    table(report.figures()).print(context.console());
    JsonNode document = FigureFile.json(report.figures());
    if (out.isPresent()) {
      ResultFile.write(out.get(), document);
    }
    draw(document);
    report.failures().forEach(this::tell);
    if (report.stopped()) {
      throw new StoppedException(
          "stopped after %d figures, before all was measured".formatted(report.figures().size()));
    }
    return report.failures().isEmpty() ? ExitCode.OK : ExitCode.FAILURE;
  }

  private void draw(Path figures) throws IOException {
    if (plot.isEmpty() && plotScale.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(), "--from %s: name a file to draw, --plot".formatted(figures));
    }
    if (quick || !only.isEmpty() || out.isPresent()) {
      throw new ParameterException(
          spec.commandLine(), "--from measures nothing: leave out --quick, --only and --out");
    }
    draw(FigureFile.document(figures));
  }

  private void draw(JsonNode figures) throws IOException {
    if (plot.isPresent()) {
      ResultFile.write(plot.get(), TargetPlot.of(figures));
    }
    if (plotScale.isPresent()) {
      Optional<String> picture = ScalePlot.svg(figures);
      if (picture.isPresent()) {
        ResultFile.write(plotScale.get(), picture.get());
      } else {
        context.console().note("no picture: scale was not measured at two values of d");
      }
    }
  }

  private List<Measurement> chosen() {
    if (only.isEmpty()) {
      return all.stream().filter(measurement -> !quick || measurement.hasQuickForm()).toList();
    }
    Set<String> unknown = new LinkedHashSet<>(only);
    all.forEach(measurement -> unknown.remove(measurement.name()));
    if (!unknown.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(),
          "--only %s: no such measurement; there are %s"
              .formatted(
                  String.join(",", unknown),
                  all.stream().map(Measurement::name).collect(Collectors.joining(", "))));
    }
    return all.stream().filter(measurement -> only.contains(measurement.name())).toList();
  }

  /** On a thread of its own, which Ctrl-C interrupts; this one then writes down what there is. */
  private Report run(List<Measurement> chosen) throws IOException, InterruptedException {
    try (TemporaryDirectory scratch = TemporaryDirectory.make("dume-bench-")) {
      FutureTask<Report> task =
          new FutureTask<>(
              () ->
                  Report.run(
                      chosen,
                      quick,
                      scratch.path(),
                      OwnProcess.commandLine(),
                      context.console()::note));
      Thread thread = new Thread(task, "dume-bench");
      thread.start();
      context.stop().arm().onRequest(thread::interrupt);
      try {
        return task.get();
      } catch (ExecutionException e) {
        throw new IllegalStateException(e.getCause().getMessage(), e.getCause());
      } catch (InterruptedException e) {
        thread.interrupt();
        thread.join();
        throw e;
      }
    }
  }

  private static String load(String when, Optional<Double> load) {
    return "load %s: %s"
        .formatted(when, load.map("%.2f"::formatted).orElse("unknown on this system"));
  }

  static Table table(List<Figure> figures) {
    Table table = new Table("", "median", "spread", "floor", "ratio", "target", "reached");
    for (Figure figure : figures) {
      table.row(
          figure.name(),
          Figure.quantity(figure.value(), figure.unit()),
          // Of a median of nothing no share can be told.
          Double.isInfinite(figure.spread()) ? "" : "%.0f %%".formatted(100 * figure.spread()),
          figure.floor().isPresent()
              ? Figure.quantity(figure.floor().getAsDouble(), figure.unit())
              : "",
          number(figure.ratio()),
          figure.target().map(target -> target.describe(figure.unit())).orElse(""),
          figure.reached().map(reached -> reached ? "yes" : "no").orElse(""));
    }
    return table;
  }

  private static String number(OptionalDouble value) {
    return value.isPresent() ? "%.3f".formatted(value.getAsDouble()) : "";
  }

  private void tell(Report.Failure failure) {
    context.console().note("%s failed: %s".formatted(failure.measurement(), failure.cause()));
    if (DumeCommandLine.verbosity(spec.commandLine().getParseResult()).verbose()) {
      // The line above says it all to users; --verbose asks for where it came from.
      failure.cause().printStackTrace(context.console().err());
    }
  }
}
