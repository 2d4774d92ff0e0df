package io.dume.schemas.wire;

/**
 * What a {@link MessageFormat} depends on does not answer. That says nothing about the message: try
 * again. It was thrown after a pause, and the cause was logged, so trying again at once is right.
 */
public final class FormatUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param message what does not answer, and the remedy
   * @param cause how it was noticed
   */
  public FormatUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
