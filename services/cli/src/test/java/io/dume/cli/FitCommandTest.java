package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is refused before a broker leaves files that would be in the way of the next try. */
class FitCommandTest {

  @TempDir private Path directory;

  @Test
  void shouldRefuseAnUnknownDeviceAndLeaveNoData() throws IOException {
    CommandRun fit = new CommandRun();

    int status = fit(fit, "--device", "abacus");

    assertThat(status).isNotZero();
    assertThat(fit.err()).contains("device = abacus: use auto, cpu, cuda or cuda:N");
    assertThat(directory.resolve("data")).isEmptyDirectory();
  }

  @Test
  void shouldRefuseADeviceThatIsNotHereAndLeaveNoData() throws IOException {
    CommandRun fit = new CommandRun();

    int status = fit(fit, "--device", "cuda:999");

    assertThat(status).isNotZero();
    assertThat(fit.err()).contains("device = cuda:999: libtorch sees");
    assertThat(directory.resolve("data")).isEmptyDirectory();
  }

  @Test
  void shouldRefuseADirectoryThatIsNoModelAndLeaveNoData() throws IOException {
    CommandRun fit = new CommandRun();

    int status = fit(fit);

    assertThat(status).isNotZero();
    assertThat(fit.err()).contains("not a merged model");
    assertThat(directory.resolve("data")).isEmptyDirectory();
  }

  private int fit(CommandRun run, String... more) throws IOException {
    Path batches = Files.writeString(directory.resolve("batches.jsonl"), "");
    Path model = Files.createDirectories(directory.resolve("model"));
    String[] arguments = {
      "fit",
      "--model",
      model.toString(),
      "--batches",
      batches.toString(),
      "--context-dim",
      "8",
      "--out",
      directory.resolve("out").toString(),
      "--data",
      directory.resolve("data").toString()
    };
    String[] all = Arrays.copyOf(arguments, arguments.length + more.length);
    System.arraycopy(more, 0, all, arguments.length, more.length);
    return run.execute(all);
  }
}
