package io.dume.cli;

import java.time.Clock;
import java.util.Map;

/**
 * What a command is given from outside.
 *
 * @param console where it writes
 * @param environment the process's environment variables
 * @param clock the time of day
 * @param stop tells when to stop
 */
record CliContext(Console console, Map<String, String> environment, Clock clock, StopSignal stop) {

  CliContext {
    environment = Map.copyOf(environment);
  }
}
