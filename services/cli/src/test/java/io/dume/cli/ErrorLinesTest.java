package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ErrorLinesTest {

  @Test
  void shouldSuggestTheCommandThatWasMeant() {
    CommandRun run = new CommandRun();

    int status = run.execute("brokre");

    assertThat(status).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("'brokre'", "Did you mean", "broker");
  }

  @Test
  void shouldNameAMissingOptionAndWhereToLook() {
    CommandRun run = new CommandRun();

    int status = run.execute("broker");

    assertThat(status).isEqualTo(ExitCode.USAGE);
    assertThat(run.err())
        .contains("dume broker: Missing required option: '--data=DIR'")
        .contains("Try 'dume broker --help'.");
  }

  @Test
  void shouldNameTheVariableThatAWrongValueCameFrom() {
    CommandRun run = new CommandRun(Map.of("DUME_PORT", "many"));

    int status = run.execute("broker", "--data", "unused");

    assertThat(status).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("'--port'", "'many'", "environment variable DUME_PORT");
  }

  @Test
  void shouldSayInOneLineWhyACommandFailed(@TempDir Path directory) throws Exception {
    Path file = Files.writeString(directory.resolve("file"), "not a directory");
    CommandRun run = new CommandRun();

    int status = run.execute("broker", "--data", file.toString());

    assertThat(status).isEqualTo(ExitCode.FAILURE);
    assertThat(run.err().lines()).hasSize(1);
    assertThat(run.err()).startsWith("dume broker: data directory " + file);
  }

  @Test
  void shouldShowTheStackTraceOnDemand(@TempDir Path directory) throws Exception {
    Path file = Files.writeString(directory.resolve("file"), "not a directory");
    CommandRun run = new CommandRun();

    run.execute("broker", "--verbose", "--data", file.toString());

    assertThat(run.err()).contains("\tat io.dume.embedded.");
  }
}
