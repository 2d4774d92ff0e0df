package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ConsoleTest {

  private static final String CLEAR = "\r\033[K";

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final AtomicLong nanos = new AtomicLong();

  @Test
  void shouldRewriteTheProgressLineOnATerminal() {
    Console console = console(true);
    console.progress("1 of 3");
    advance(Duration.ofSeconds(1));
    console.progress("2 of 3");

    console.progressDone("3 of 3");

    assertThat(err.toString())
        .isEqualTo(CLEAR + "1 of 3" + CLEAR + "2 of 3" + CLEAR + "3 of 3" + System.lineSeparator());
  }

  @Test
  void shouldNotLetWhatOthersWroteSteerTheTerminal() {
    Console console = console(true);

    console.result("reason: \033[2Jgone\0 and\ta tab");

    assertThat(out.toString()).isEqualTo("reason: ?[2Jgone? and\ta tab" + System.lineSeparator());
  }

  @Test
  void shouldSkipProgressThatComesTooFast() {
    Console console = console(true);
    console.progress("1 of 3");

    console.progress("2 of 3");

    assertThat(err.toString()).isEqualTo(CLEAR + "1 of 3");
  }

  @Test
  void shouldKeepTheProgressLineBelowOtherLines() {
    Console console = console(true);
    console.progress("working");

    console.note("a note");

    assertThat(err.toString())
        .isEqualTo(CLEAR + "working" + CLEAR + "a note" + System.lineSeparator() + "working");
  }

  @Test
  void shouldPrintPlainLinesNowAndThenElsewhere() {
    Console console = console(false);
    console.progress("1");
    advance(Duration.ofSeconds(9));
    console.progress("2");
    advance(Duration.ofSeconds(1));
    console.progress("3");

    console.progressDone("4");

    assertThat(err.toString().lines()).containsExactly("1", "3", "4");
  }

  @Test
  void shouldKeepPassingProgressOutOfPlainText() {
    Console console = console(false);

    console.passingProgress("1 of 3");

    assertThat(err.toString()).isEmpty();
  }

  @Test
  void shouldShowPassingProgressOnATerminal() {
    Console console = console(true);

    console.passingProgress("1 of 3");

    assertThat(err.toString()).isEqualTo(CLEAR + "1 of 3");
  }

  @Test
  void shouldKeepResultsApartFromEverythingElse() {
    Console console = console(false);
    console.note("note");
    console.progress("progress");
    console.log("log\n");

    console.result("result");

    assertThat(out.toString()).isEqualTo("result" + System.lineSeparator());
    assertThat(err.toString().lines()).containsExactly("note", "progress", "log");
  }

  private Console console(boolean terminal) {
    return new Console(new PrintWriter(out), new PrintWriter(err), terminal, nanos::get);
  }

  private void advance(Duration time) {
    nanos.addAndGet(time.toNanos());
  }
}
