package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is wrong with a feed's command line is said before anything is reached or read. */
class FeedCommandTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "notes.txt|one of --domain NAME, --jsonl, --from-topic TOPIC",
        "--domain math --jsonl notes.txt|one of --domain NAME, --jsonl, --from-topic TOPIC",
        "--jsonl --from-topic documents|one of --domain NAME, --jsonl, --from-topic TOPIC",
        "--from-topic documents notes.txt|leave out notes.txt",
        "--domain math|name files or directories, or - for standard input",
        "--jsonl no-such-file.jsonl|no-such-file.jsonl does not exist; check the path",
        "--jsonl --sequences-per-record many -|'--sequences-per-record'",
      })
  void shouldRefuseAnUnclearCommandLine(String arguments, String reason) {
    List<String> all = new ArrayList<>(List.of("feed", "--model", "no-such-model"));
    all.addAll(List.of(arguments.split(" ")));
    CommandRun run = new CommandRun();

    int status = run.execute(all.toArray(String[]::new));

    assertThat(status).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains(reason, "Try 'dume feed --help'.");
  }
}
