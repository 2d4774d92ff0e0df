package io.dume.cli;

import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Tells a wrong value on the command line, exit status 2, from a failure of what it started. */
final class Usage {

  private Usage() {}

  /**
   * Makes a configuration out of flags; what its constructor refuses is wrong usage.
   *
   * @throws ParameterException with the constructor's message
   */
  static <T> T check(CommandSpec command, Supplier<T> configuration) {
    try {
      return configuration.get();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command.commandLine(), e.getMessage(), e);
    }
  }
}
