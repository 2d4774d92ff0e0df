package io.dume.models;

import java.util.Arrays;

/**
 * Turns token ids into text as they come. A token may end within a character, and how a tokenizer
 * writes one may depend on the token before it: so a few tokens are decoded together, text that
 * ends in a character that is not whole yet is kept back, and what comes out, put together, is the
 * text of all tokens at once. Not thread-safe.
 */
final class IncrementalDecoder {

  /** What decoders put where bytes make no character. */
  private static final char REPLACEMENT = '\uFFFD';

  private final Tokenizer tokenizer;
  private int[] ids;
  private int size;

  /** Tokens before this one have no influence on text that comes. */
  private int context;

  /** The text of tokens before this one is out. */
  private int done;

  /**
   * @param before the tokens that stand there already, whose text nobody asks for
   */
  IncrementalDecoder(Tokenizer tokenizer, int[] before) {
    this.tokenizer = tokenizer;
    // As few as have influence: from the last one on that begins with a whole character.
    int from = before.length;
    do {
      from = Math.max(0, from - 1);
      ids = Arrays.copyOfRange(before, from, before.length);
    } while (from > 0 && tokenizer.decode(ids).indexOf(REPLACEMENT) == 0);
    size = ids.length;
    done = size;
  }

  /** Takes a token; returns what text is new, which may be none yet. */
  String add(int id) {
    append(id);
    String text = tokenizer.decode(Arrays.copyOfRange(ids, context, size));
    boolean whole = text.isEmpty() || text.charAt(text.length() - 1) != REPLACEMENT;
    return whole ? release(text) : "";
  }

  /** Returns the text that was kept back and will not become whole any more. */
  String finish() {
    return done == size ? "" : release(tokenizer.decode(Arrays.copyOfRange(ids, context, size)));
  }

  private String release(String text) {
    String before = tokenizer.decode(Arrays.copyOfRange(ids, context, done));
    context = done;
    done = size;
    return text.substring(Math.min(before.length(), text.length()));
  }

  private void append(int id) {
    if (size == ids.length) {
      ids = Arrays.copyOf(ids, 2 * size + 1);
    }
    ids[size++] = id;
  }
}
