package io.dume.feed;

/** Why a feed can't go on. Sending everything again is safe: ids stay the same. */
public final class FeedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param message what happened and what to do
   * @param cause what led to it
   */
  public FeedException(String message, Throwable cause) {
    super(message, cause);
  }
}
