package io.dume.schemas.wire;

/** Bytes that are not the message that was asked for. Belongs into dead-letters. */
public final class MalformedMessageException extends Exception {
  private static final long serialVersionUID = 1L;

  /**
   * @param message what is wrong with the bytes
   */
  public MalformedMessageException(String message) {
    super(message);
  }

  /**
   * @param message what is wrong with the bytes
   * @param cause how it was noticed
   */
  public MalformedMessageException(String message, Throwable cause) {
    super(message, cause);
  }
}
