package io.dume.cli;

/** A command was asked to stop before it was done: nothing is wrong. */
final class StoppedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * @param message what did not come to pass, for people
   */
  StoppedException(String message) {
    super(message);
  }
}
