package io.dume.feed;

import java.util.OptionalInt;

/** A character is a token; what is not ASCII is outside the vocabulary. */
record CharacterEncoder(OptionalInt beginToken) implements TextEncoder {
  static final int END = 0;
  static final String FINGERPRINT = "ab".repeat(32);

  CharacterEncoder() {
    this(OptionalInt.empty());
  }

  @Override
  public int[] encode(String text) {
    return text.chars().toArray();
  }

  @Override
  public int endOfText() {
    return END;
  }

  @Override
  public int vocabulary() {
    return 128;
  }

  @Override
  public String fingerprint() {
    return FINGERPRINT;
  }
}
