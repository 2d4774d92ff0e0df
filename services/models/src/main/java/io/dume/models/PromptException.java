package io.dume.models;

/** A prompt that a model can't go on from; the message says why and what to do. */
public final class PromptException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  PromptException(String message) {
    super(message);
  }
}
