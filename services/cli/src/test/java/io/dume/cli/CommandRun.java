package io.dume.cli;

import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Clock;
import java.util.Map;

/** One run of the real command line, with its output caught. */
final class CommandRun {

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final StopSignal stop = new StopSignal(hook -> {});
  private final Map<String, String> environment;
  private InputStream in = InputStream.nullInputStream();
  private boolean outTerminal;

  CommandRun() {
    this(Map.of());
  }

  CommandRun(Map<String, String> environment) {
    this.environment = environment;
  }

  /** Gives the command a standard input. */
  CommandRun reading(InputStream input) {
    in = input;
    return this;
  }

  /** Shows its results on a terminal. */
  CommandRun onTerminal() {
    outTerminal = true;
    return this;
  }

  int execute(String... arguments) {
    Console console =
        new Console(
            new PrintWriter(out), new PrintWriter(err), false, outTerminal, System::nanoTime);
    CliContext context = new CliContext(console, environment, Clock.systemUTC(), stop, in);
    int status = DumeCommandLine.create(context).execute(arguments);
    console.flush();
    return status;
  }

  StopSignal stop() {
    return stop;
  }

  String out() {
    return out.toString();
  }

  String err() {
    return err.toString();
  }
}
