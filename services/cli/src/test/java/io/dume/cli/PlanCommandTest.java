package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanCommandTest {

  @TempDir private Path directory;

  private final CommandRun run = new CommandRun();

  @Test
  void shouldPrintAmountsAndHowTheyWereComputed() {
    int status = plan("--worker-tflops", "300");

    assertThat(status).as(run.err()).isZero();
    assertThat(run.out().lines())
        // 136 whole tiles, 16 of a column and one of a value; 32 layers with b of 4097 int64.
        .anyMatch(
            line -> line.matches("tiles of a layer +71\\.3 MB +153 tiles of .* n = d \\+ 1 = 4097"))
        .anyMatch(line -> line.matches("a flush +18\\.3 GB +8 domains; .*"))
        .anyMatch(line -> line.matches("tokens of a worker .*--worker-tflops.*"))
        .anyMatch(line -> line.matches("threads of accumulators .*reference run.*"));
  }

  @Test
  void shouldTakeRatesFromAFileOfTheBench() throws IOException {
    Path file = directory.resolve("mine.json");
    Files.writeString(
        file,
        """
        [{"name": "solve, n = 3073, 5 experts", "value": 1000, "floor": 900, "unit": "ms",
          "ratio": 1.1, "target": 1.15, "reached": true}]""");

    int status = plan("--bench", file.toString());

    assertThat(status).as(run.err()).isZero();
    // 32 layers on 8 cores: 4 x 1 s x (4097 / 3073)³.
    assertThat(run.out().lines())
        .anyMatch(line -> line.matches("solving all layers +9\\.479 s .*mine\\.json.*"));
  }

  @Test
  void shouldSayWhereMoreProcessesWouldNotHelp() {
    int status = plan();

    assertThat(status).isZero();
    assertThat(run.err()).contains("a layer is folded by one thread", "flush every");
  }

  @Test
  void shouldRefuseAFileOfSomethingElse() throws IOException {
    Path file = Files.writeString(directory.resolve("other.json"), "{}");

    int status = plan("--bench", file.toString());

    assertThat(status).isEqualTo(ExitCode.FAILURE);
    assertThat(run.err()).contains("is no file of `dume bench --out`");
  }

  @Test
  void shouldRefuseWhatCanNotBe() {
    int status = plan("--replication", "0");

    assertThat(status).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("replication of 0: at least 1");
  }

  private int plan(String... further) {
    return run.execute(
        Stream.concat(
                Stream.of(
                    "plan",
                    "--d",
                    "4096",
                    "--layers",
                    "32",
                    "--domains",
                    "8",
                    "--tokens-per-second",
                    "1e6"),
                Stream.of(further))
            .toArray(String[]::new));
  }
}
