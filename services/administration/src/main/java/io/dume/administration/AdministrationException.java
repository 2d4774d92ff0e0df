package io.dume.administration;

/** Something can't be done as asked; the message says why, and what would do. */
public final class AdministrationException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param message the field, the value and the remedy
   */
  public AdministrationException(String message) {
    super(message);
  }

  /**
   * @param message the field, the value and the remedy
   * @param cause what the cluster said
   */
  public AdministrationException(String message, Throwable cause) {
    super(message, cause);
  }
}
