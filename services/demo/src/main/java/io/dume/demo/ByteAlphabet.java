package io.dume.demo;

import java.nio.charset.StandardCharsets;

/**
 * The printable stand-ins that GPT-2 gave to the 256 byte values, so that a vocabulary of byte
 * sequences can be written as JSON strings. A byte that is a visible Latin-1 character stands for
 * itself; the others take the code points from U+0100 on, in byte order. The Hugging Face {@code
 * ByteLevel} pre-tokenizer and decoder use the same map.
 */
final class ByteAlphabet {

  private static final char[] SYMBOLS = symbols();

  private ByteAlphabet() {}

  /** The character that stands for a byte value, 0 to 255. */
  static char symbol(int byteValue) {
    return SYMBOLS[byteValue];
  }

  /** A text's UTF-8 bytes, each as its stand-in. */
  static String encode(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    StringBuilder out = new StringBuilder(bytes.length);
    for (byte value : bytes) {
      out.append(SYMBOLS[value & 0xff]);
    }
    return out.toString();
  }

  private static char[] symbols() {
    char[] out = new char[256];
    int moved = 0;
    for (int value = 0; value < 256; value++) {
      boolean visible =
          (value >= '!' && value <= '~')
              || (value >= 0xa1 && value <= 0xac)
              || (value >= 0xae && value <= 0xff);
      out[value] = visible ? (char) value : (char) (0x100 + moved++);
    }
    return out;
  }
}
