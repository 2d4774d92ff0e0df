package io.dume.solver;

/** A cut whose statistics can't be read; the message says why. */
public final class CutUnavailableException extends Exception {
  private static final long serialVersionUID = 1L;

  /**
   * @param message which cut, and what is wrong with it
   */
  public CutUnavailableException(String message) {
    super(message);
  }
}
