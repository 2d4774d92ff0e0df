package io.dume.solver;

/** A cut that gives no router; the message is the reason that is published. */
final class UnsolvableException extends Exception {
  private static final long serialVersionUID = 1L;

  UnsolvableException(String reason) {
    super(reason);
  }
}
