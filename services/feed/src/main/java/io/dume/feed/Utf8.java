package io.dume.feed;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/** Bytes to text, where a replacement character would be a silent loss. */
final class Utf8 {
  private static final char BYTE_ORDER_MARK = '\uFEFF';

  private Utf8() {}

  /**
   * Decodes strictly; a byte order mark at the beginning is not text.
   *
   * @throws UnusableException if the bytes are not UTF-8, naming the first that is wrong
   */
  static String decode(byte[] bytes) throws UnusableException {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    CoderResult result = StandardCharsets.UTF_8.newDecoder().decode(in, out, true);
    if (result.isError()) {
      throw new UnusableException(
          SetAsideDocument.INVALID_UTF8,
          "byte %d (0x%02x) is not UTF-8: convert the text first"
              .formatted(in.position(), bytes[in.position()]));
    }
    out.flip();
    if (out.length() > 0 && out.charAt(0) == BYTE_ORDER_MARK) {
      out.get();
    }
    return out.toString();
  }

  /**
   * Passes a text that can be written as UTF-8, which a JSON escape can break.
   *
   * @throws UnusableException if half of a surrogate pair stands alone
   */
  static String requireWellFormed(String text) throws UnusableException {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        throw new UnusableException(
            SetAsideDocument.INVALID_UTF8,
            "character %d is half of a surrogate pair (\\u%04x)".formatted(i, (int) c));
      }
    }
    return text;
  }
}
