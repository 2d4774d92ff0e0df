package io.dume.models;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A model file, checkpoint or merged directory whose content cannot be used. The message names the
 * file and, where there is one, the tensor or the configuration field, with the offending value.
 */
public final class InvalidModelException extends IOException {

  private static final long serialVersionUID = 1L;

  /** Makes an exception with a message that stands on its own. */
  public InvalidModelException(String message) {
    super(message);
  }

  /** Makes an exception with a message that stands on its own, and what led to it. */
  public InvalidModelException(String message, Throwable cause) {
    super(message, cause);
  }

  static InvalidModelException of(Path file, String problem) {
    return new InvalidModelException(file + ": " + problem);
  }

  static InvalidModelException of(Path file, String tensor, String problem) {
    return new InvalidModelException(file + ": tensor " + tensor + ": " + problem);
  }
}
