package io.dume.solver;

/**
 * Work on a cut that this instance must drop: it was told to stop, or another instance took over.
 * Nothing of the work has been published.
 */
final class AbandonedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  AbandonedException(String message) {
    super(message);
  }

  AbandonedException(String message, Throwable cause) {
    super(message, cause);
  }
}
