package io.dume.accumulator;

/** An accumulator that can't start or go on; the message says why and what to do. */
public final class AccumulatorException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  AccumulatorException(String message) {
    super(message);
  }

  AccumulatorException(String message, Throwable cause) {
    super(message, cause);
  }
}
