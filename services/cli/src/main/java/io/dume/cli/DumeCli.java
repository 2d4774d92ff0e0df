package io.dume.cli;

import java.io.PrintWriter;
import java.time.Clock;
import java.util.Map;

/**
 * The {@code dume} command line for programs and tests: one command in this process, without ending
 * it.
 *
 * <p>{@link #run} may be called once; {@link #stop} from any thread, before or after.
 */
public final class DumeCli {

  private final CliContext context;

  /**
   * @param environment the mirrors of options, as in {@code DUME_BOOTSTRAP_SERVERS}
   * @param out takes results
   * @param err takes everything else
   */
  public DumeCli(Map<String, String> environment, PrintWriter out, PrintWriter err) {
    // Nothing hooks into the shutdown: this process is not the command's to hold.
    StopSignal stop = new StopSignal(hook -> {});
    this.context =
        new CliContext(new Console(out, err, false), environment, Clock.systemUTC(), stop);
  }

  /**
   * Runs one command until it is done or stopped.
   *
   * @param arguments the command line
   * @return its exit status
   */
  public int run(String... arguments) {
    int status = DumeCommandLine.create(context).execute(arguments);
    context.console().flush();
    return status;
  }

  /** Asks the command to end in good order, as Ctrl-C does. */
  public void stop() {
    context.stop().request();
  }
}
