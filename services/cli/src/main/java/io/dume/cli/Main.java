package io.dume.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Locale;

/** The entry point of the {@code dume} command. */
public final class Main {

  /** Set by the launcher, which can tell whether standard error is a terminal. */
  private static final String TERMINAL_PROPERTY = "dume.terminal";

  /** Likewise, for standard output. */
  private static final String OUT_TERMINAL_PROPERTY = "dume.terminal.out";

  private Main() {}

  /**
   * Runs one command and ends the process with its exit status.
   *
   * @param arguments the command line
   */
  public static void main(String[] arguments) {
    // Figures are for scripts too: a decimal point everywhere.
    Locale.setDefault(Locale.ROOT);
    Console console =
        new Console(
            new PrintWriter(System.out, false, StandardCharsets.UTF_8),
            new PrintWriter(System.err, false, StandardCharsets.UTF_8),
            Boolean.getBoolean(TERMINAL_PROPERTY),
            Boolean.getBoolean(OUT_TERMINAL_PROPERTY),
            System::nanoTime);
    StopSignal stop = new StopSignal(Runtime.getRuntime()::addShutdownHook);
    CliContext context = new CliContext(console, System.getenv(), Clock.systemUTC(), stop);
    int status = DumeCommandLine.create(context).execute(arguments);
    console.flush();
    stop.release();
    System.exit(status);
  }
}
