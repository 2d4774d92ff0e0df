package io.dume.cli;

/** What the process says to a script when it ends. */
final class ExitCode {

  /** All that was asked for is done. */
  static final int OK = 0;

  /** It failed while running; the error line says why. */
  static final int FAILURE = 1;

  /** The command line or an environment variable is wrong; nothing was done. */
  static final int USAGE = 2;

  /** Done, but some input was set aside; it was listed with reasons. */
  static final int SET_ASIDE = 3;

  private ExitCode() {}
}
