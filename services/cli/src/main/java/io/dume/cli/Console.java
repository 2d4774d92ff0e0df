package io.dume.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * Where commands write: results to standard output, everything else to standard error.
 *
 * <p>On a terminal a progress line is rewritten in place and steps aside for other lines;
 * elsewhere, as in a log file, it is printed as a plain line now and then. Thread-safe: services
 * report from threads of their own.
 */
final class Console {

  /** How often progress is shown where it cannot be rewritten. */
  private static final Duration PLAIN_INTERVAL = Duration.ofSeconds(10);

  private static final Duration TERMINAL_INTERVAL = Duration.ofMillis(100);
  private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}&&[^\\r\\n\\t]]");
  private static final String CLEAR_LINE = "\r\033[K";

  private final PrintWriter out;
  private final PrintWriter err;
  private final boolean terminal;
  private final boolean outTerminal;
  private final NanoClock clock;
  private String progress = "";
  private long nextProgress;

  /** A monotonic clock in nanoseconds. */
  interface NanoClock {
    long nanos();
  }

  Console(PrintWriter out, PrintWriter err, boolean terminal) {
    this(out, err, terminal, false, System::nanoTime);
  }

  Console(PrintWriter out, PrintWriter err, boolean terminal, NanoClock clock) {
    this(out, err, terminal, false, clock);
  }

  /**
   * @param terminal whether standard error is a terminal
   * @param outTerminal whether standard output is one
   */
  Console(
      PrintWriter out, PrintWriter err, boolean terminal, boolean outTerminal, NanoClock clock) {
    this.out = Objects.requireNonNull(out);
    this.err = Objects.requireNonNull(err);
    this.terminal = terminal;
    this.outTerminal = outTerminal;
    this.clock = clock;
    this.nextProgress = clock.nanos();
  }

  PrintWriter out() {
    return out;
  }

  PrintWriter err() {
    return err;
  }

  /** Prints a line of the result. */
  synchronized void result(String line) {
    hideProgress();
    out.println(printable(line));
    out.flush();
    redrawProgress();
  }

  /** Whether results are shown on a terminal. */
  boolean showsResults() {
    return outTerminal;
  }

  /** Prints a piece of the result at once, which need not end a line. */
  synchronized void piece(String text) {
    hideProgress();
    out.print(printable(text));
    out.flush();
  }

  /**
   * Prints a piece of the result in a colour.
   *
   * @param colour the parameter of the terminal's command, such as 32 for green
   */
  synchronized void piece(String text, int colour) {
    hideProgress();
    out.print("\033[" + colour + "m" + printable(text) + "\033[0m");
    out.flush();
  }

  /** Prints a line for the person at the terminal. */
  synchronized void note(String line) {
    hideProgress();
    err.println(printable(line));
    err.flush();
    redrawProgress();
  }

  /** Writes text of the log, which ends its lines itself. */
  synchronized void log(String text) {
    hideProgress();
    err.print(text);
    err.flush();
    redrawProgress();
  }

  /** Shows the present state of something long; calls that come too fast are skipped. */
  synchronized void progress(String line) {
    if (clock.nanos() - nextProgress < 0) {
      return;
    }
    showProgress(line);
  }

  /** Progress among rows of a table: shown where it can be rewritten, and nowhere else. */
  synchronized void passingProgress(String line) {
    if (terminal) {
      progress(line);
    }
  }

  /** Shows the last state of something long, whatever was skipped, and leaves it standing. */
  synchronized void progressDone(String line) {
    showProgress(line);
    if (terminal) {
      err.println();
      err.flush();
    }
    progress = "";
    nextProgress = clock.nanos();
  }

  /** Lines quote what others wrote to topics, and must not steer the terminal. */
  private static String printable(String line) {
    return CONTROL.matcher(line).replaceAll("?");
  }

  synchronized void flush() {
    if (terminal && !progress.isEmpty()) {
      progressDone(progress);
    }
    out.flush();
    err.flush();
  }

  private void showProgress(String line) {
    nextProgress = clock.nanos() + (terminal ? TERMINAL_INTERVAL : PLAIN_INTERVAL).toNanos();
    if (terminal) {
      err.print(CLEAR_LINE + line);
      progress = line;
    } else {
      err.println(line);
    }
    err.flush();
  }

  private void hideProgress() {
    if (terminal && !progress.isEmpty()) {
      err.print(CLEAR_LINE);
      err.flush();
    }
  }

  private void redrawProgress() {
    if (terminal && !progress.isEmpty()) {
      err.print(progress);
      err.flush();
    }
  }
}
