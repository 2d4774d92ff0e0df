package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dume.bench.Bench;
import io.dume.bench.Figure;
import io.dume.bench.Measurement;
import io.dume.bench.Rounds;
import io.dume.bench.Samples;
import io.dume.bench.Target;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BenchCommandTest {

  @TempDir private Path directory;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final StopSignal stop = new StopSignal(hook -> {});

  private record Fake(String name, Work work) implements Measurement {
    interface Work {
      List<Figure> run(Bench bench) throws Exception;
    }

    @Override
    public String description() {
      return "what a " + name + " costs";
    }

    @Override
    public List<Figure> run(Bench bench) throws Exception {
      return work.run(bench);
    }
  }

  private static final Fake FOLD =
      new Fake(
          "fold",
          bench ->
              List.of(
                  Figure.against(
                      "fold, staged",
                      "MB/s",
                      new Rounds(
                          Samples.of(304, 320, 336),
                          Samples.of(400, 400, 400),
                          Samples.of(0.75, 0.8, 0.85)),
                      Target.ratioAtLeast(0.9))));

  private static final Fake START =
      new Fake("start", bench -> List.of(Figure.of("start", "s", Samples.of(5))));

  private static final Fake BROKEN =
      new Fake(
          "broken",
          bench -> {
            throw new IOException("no space left");
          });

  private static Fake scale(int... widths) {
    List<Figure> figures = new ArrayList<>();
    for (int d : widths) {
      String name = "scale, d = %d, 2 layers, 2 domains, 1 worker, whole".formatted(d);
      figures.add(Figure.of(name, "s", Samples.of(d / 100.0)));
    }
    return new Fake("scale", bench -> figures);
  }

  @Test
  void shouldDrawHowCostGrowsWithWidth() throws IOException {
    Path file = directory.resolve("scale.svg");

    int status = execute(List.of(START, scale(576, 1024)), "--plot-scale", file.toString());

    assertThat(status).isEqualTo(ExitCode.OK);
    assertThat(file).content().startsWith("<svg").contains("2 layers, 2 domains, 1 worker");
  }

  @Test
  void shouldSayThatThereIsNothingToDraw() {
    Path file = directory.resolve("scale.svg");

    int status = execute(List.of(START, scale(576)), "--plot-scale", file.toString());

    assertThat(status).isEqualTo(ExitCode.OK);
    assertThat(err.toString()).contains("no picture");
    assertThat(file).doesNotExist();
  }

  @Test
  void shouldPrintTheMachineAndATable() {
    int status = execute(List.of(FOLD, START));

    assertThat(status).isZero();
    assertThat(out.toString()).contains("cores", "kafka", "load before: ", "load after: ");
    assertThat(out.toString().lines())
        .containsSubsequence(
            "                median  spread     floor  ratio  target  reached",
            "fold, staged  320 MB/s    10 %  400 MB/s  0.800  >= 0.9       no",
            "start              5 s     0 %");
    assertThat(err.toString()).contains("fold: what a fold costs");
  }

  @Test
  void shouldWriteTheFiguresAsJson() throws IOException {
    Path file = directory.resolve("bench.json");

    int status = execute(List.of(FOLD, START), "--out", file.toString());

    assertThat(status).isZero();
    JsonNode written = new ObjectMapper().readTree(file.toFile());
    assertThat(written).hasSize(2);
    assertThat(written.get(0).fieldNames())
        .toIterable()
        .containsExactly("name", "value", "floor", "unit", "ratio", "target", "reached");
    assertThat(written.get(0).get("reached").booleanValue()).isFalse();
    assertThat(written.get(1).get("floor").isNull()).isTrue();
    assertThat(directory).isDirectoryNotContaining("glob:**.partial");
  }

  @Test
  void shouldDrawTheFiguresWhenTakenAndTheSamePictureFromTheirFile() throws IOException {
    Path figures = directory.resolve("bench.json");
    Path taken = directory.resolve("taken.svg");
    Path again = directory.resolve("again.svg");

    execute(List.of(FOLD, START), "--out", figures.toString(), "--plot", taken.toString());
    int status = execute(List.of(BROKEN), "--from", figures.toString(), "--plot", again.toString());

    assertThat(status).isZero();
    assertThat(Files.readString(taken)).startsWith("<svg ").contains("fold, staged");
    assertThat(again).hasSameBinaryContentAs(taken);
  }

  @Test
  void shouldRefuseToMeasureAndToDrawFromAFile() {
    int bare = execute(List.of(FOLD), "--from", "bench.json");
    int quick = execute(List.of(FOLD), "--from", "bench.json", "--plot", "p.svg", "--quick");

    assertThat(bare).isEqualTo(ExitCode.USAGE);
    assertThat(quick).isEqualTo(ExitCode.USAGE);
    assertThat(err.toString())
        .contains("name a file to draw, --plot", "leave out --quick, --only and --out")
        .doesNotContain("fold: ");
  }

  @Test
  void shouldTakeTheChosenMeasurementsAlone() {
    int status = execute(List.of(FOLD, START, BROKEN), "--only", "start");

    assertThat(status).isZero();
    assertThat(out.toString()).contains("start").doesNotContain("fold, staged");
  }

  private record Slow() implements Measurement {
    @Override
    public String name() {
      return "memory";
    }

    @Override
    public String description() {
      return "needs its time";
    }

    @Override
    public boolean hasQuickForm() {
      return false;
    }

    @Override
    public List<Figure> run(Bench bench) {
      return List.of(Figure.of("memory, worker", "MB", Samples.of(5)));
    }
  }

  @ParameterizedTest
  @CsvSource({"false,''", "true,memory"})
  void shouldTakeWhatHasNoQuickFormOnlyByNameInAQuickRun(boolean taken, String only) {
    List<String> arguments = new ArrayList<>(List.of("--quick"));
    if (!only.isEmpty()) {
      arguments.addAll(List.of("--only", only));
    }

    execute(List.of(START, new Slow()), arguments.toArray(String[]::new));

    assertThat(out.toString().contains("memory, worker")).isEqualTo(taken);
  }

  @Test
  void shouldTakeTheChoiceFromTheEnvironment() {
    int status = execute(Map.of("DUME_ONLY", "start,fold"), List.of(FOLD, START, BROKEN));

    assertThat(status).isZero();
    assertThat(out.toString()).contains("start", "fold, staged");
  }

  @Test
  void shouldNameWhatThereIsWhenAskedForSomethingElse() {
    int status = execute(List.of(FOLD, START), "--only", "fold,sove");

    assertThat(status).isEqualTo(ExitCode.USAGE);
    assertThat(err.toString()).contains("--only sove: no such measurement; there are fold, start");
  }

  @Test
  void shouldListWithoutMeasuring() {
    int status = execute(List.of(FOLD, BROKEN), "--list");

    assertThat(status).isZero();
    assertThat(out.toString().lines())
        .containsExactly("fold    what a fold costs", "broken  what a broken costs");
  }

  @Test
  void shouldFailAndNameWhatFailedButKeepTheRest() throws IOException {
    Path file = directory.resolve("bench.json");

    int status = execute(List.of(BROKEN, START), "--out", file.toString());

    assertThat(status).isEqualTo(ExitCode.FAILURE);
    assertThat(err.toString()).contains("broken failed: java.io.IOException: no space left");
    assertThat(out.toString()).contains("start");
    assertThat(Files.readString(file)).contains("\"start\"");
  }

  @Test
  void shouldRefuseAFileThatCanNotBeWrittenBeforeItMeasures() {
    int status = execute(List.of(FOLD), "--out", directory.resolve("no/such/f").toString());

    assertThat(status).isEqualTo(ExitCode.FAILURE);
    assertThat(err.toString()).contains("can't be written").doesNotContain("fold: ");
  }

  @Test
  void shouldEndWhatRunsWhenAskedToStop() {
    Fake waiting =
        new Fake(
            "waiting",
            bench -> {
              stop.request();
              new CountDownLatch(1).await();
              return List.of();
            });

    int status = execute(List.of(START, waiting, FOLD));

    assertThat(status).isEqualTo(ExitCode.FAILURE);
    assertThat(err.toString()).contains("stopped after 1 figures, before all was measured");
    assertThat(out.toString()).contains("start").doesNotContain("fold, staged");
  }

  @Test
  void shouldGiveMeasurementsTheCommandLineOfAnotherProcess() throws Exception {
    Process process =
        new ProcessBuilder(
                Stream.concat(OwnProcess.commandLine().stream(), Stream.of("--version")).toList())
            .redirectErrorStream(true)
            .start();

    String printed = new String(process.getInputStream().readAllBytes());

    assertThat(process.waitFor()).as(printed).isZero();
    assertThat(printed).startsWith("dume ");
  }

  private int execute(List<Measurement> measurements, String... arguments) {
    return execute(Map.of(), measurements, arguments);
  }

  private int execute(
      Map<String, String> environment, List<Measurement> measurements, String... arguments) {
    Console console = new Console(new PrintWriter(out), new PrintWriter(err), false);
    CliContext context = new CliContext(console, environment, Clock.systemUTC(), stop);
    String[] line = Stream.concat(Stream.of("bench"), Stream.of(arguments)).toArray(String[]::new);
    int status = DumeCommandLine.create(context, measurements).execute(line);
    console.flush();
    return status;
  }
}
