package io.dume.cli;

import java.io.InputStream;
import java.time.Clock;
import java.util.Map;

/**
 * What a command is given from outside.
 *
 * @param console where it writes
 * @param environment the process's environment variables
 * @param clock the time of day
 * @param stop tells when to stop
 * @param in standard input
 */
record CliContext(
    Console console,
    Map<String, String> environment,
    Clock clock,
    StopSignal stop,
    InputStream in) {

  CliContext {
    environment = Map.copyOf(environment);
  }

  /** With this process's standard input. */
  CliContext(Console console, Map<String, String> environment, Clock clock, StopSignal stop) {
    this(console, environment, clock, stop, System.in);
  }
}
