package io.dume.feed;

import java.util.OptionalInt;

/** Text to token ids. Used by one thread. */
public interface TextEncoder {
  /**
   * Encodes a text without any special token around it.
   *
   * @param text any text
   * @return token ids
   */
  int[] encode(String text);

  /**
   * The id that ends a document.
   *
   * @return a token id
   */
  int endOfText();

  /**
   * The id that the tokenizer puts before a document.
   *
   * @return a token id, or nothing if it puts none there
   */
  OptionalInt beginToken();

  /**
   * How many token ids the model knows; not the tokenizer's own number, which may be larger.
   *
   * @return one more than the largest id
   */
  int vocabulary();

  /**
   * Which tokenizer this is.
   *
   * @return SHA-256, in hexadecimal, of tokenizer.json, or empty when nobody knows
   */
  String fingerprint();
}
