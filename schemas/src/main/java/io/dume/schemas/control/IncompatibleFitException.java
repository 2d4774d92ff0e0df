package io.dume.schemas.control;

/** A worker, or a solver, that must not take part in a fit; the message names what differs. */
public final class IncompatibleFitException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param message what differs
   */
  public IncompatibleFitException(String message) {
    super(message);
  }
}
