package io.dume.extractor;

/** Why a worker can't go on. Nothing is lost: what it had not flushed is read again by another. */
public final class ExtractorException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param message what happened and what to do
   */
  public ExtractorException(String message) {
    super(message);
  }

  /**
   * @param message what happened and what to do
   * @param cause what led to it
   */
  public ExtractorException(String message, Throwable cause) {
    super(message, cause);
  }
}
