package io.dume.demo;

import java.util.ArrayList;
import java.util.List;

/**
 * A byte-level vocabulary: what a trainer learnt and {@link TokenizerFiles} writes. Id 0 is the
 * end-of-text token, ids 1 to 256 are the bytes 0 to 255, and the merges make the ids from 257 on.
 * Two merges may spell the same text ({@code a + bc}, {@code ab + c}); they then share an id.
 *
 * @param merges the first learnt first; each may join bytes and results of earlier merges alone
 */
record BytePairEncoding(List<Merge> merges) {

  /** The token that ends a document; never the result of tokenizing ordinary text. */
  static final String END_OF_TEXT = "<|endoftext|>";

  static final int END_OF_TEXT_ID = 0;
  static final int FIRST_BYTE_ID = 1;
  static final int FIRST_MERGE_ID = FIRST_BYTE_ID + 256;

  /** Two neighbours, by id. */
  record Pair(int left, int right) {}

  /** Two neighbours that become the token {@code id}. */
  record Merge(Pair pair, int id) {}

  BytePairEncoding {
    merges = List.copyOf(merges);
    int next = FIRST_MERGE_ID;
    for (Merge merge : merges) {
      boolean known = isText(merge.pair().left(), next) && isText(merge.pair().right(), next);
      if (!known || merge.id() < FIRST_MERGE_ID || merge.id() > next) {
        throw new IllegalArgumentException(
            merge + " may only join ids from 1 to " + (next - 1) + " into an id up to " + next);
      }
      next = Math.max(next, merge.id() + 1);
    }
  }

  private static boolean isText(int id, int next) {
    return id >= FIRST_BYTE_ID && id < next;
  }

  int size() {
    return tokens().size();
  }

  /** Each id's text in the stand-in characters of {@link ByteAlphabet}. */
  List<String> tokens() {
    List<String> tokens = new ArrayList<>();
    tokens.add(END_OF_TEXT);
    for (int value = 0; value < 256; value++) {
      tokens.add(String.valueOf(ByteAlphabet.symbol(value)));
    }
    for (Merge merge : merges) {
      if (merge.id() == tokens.size()) {
        tokens.add(tokens.get(merge.pair().left()) + tokens.get(merge.pair().right()));
      }
    }
    return List.copyOf(tokens);
  }
}
