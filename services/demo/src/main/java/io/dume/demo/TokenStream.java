package io.dume.demo;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Tokenized documents as training windows: the documents in a random order, end to end, cut into
 * windows of equal length that share their borders (the last token of one is the first of the next,
 * so that each token but the very first is predicted once).
 */
final class TokenStream {

  private final List<int[]> documents;

  /**
   * @param documents ids of each, its end-of-text token included
   */
  TokenStream(List<int[]> documents) {
    this.documents = List.copyOf(documents);
  }

  static TokenStream of(List<TokenStream> streams) {
    List<int[]> all = new ArrayList<>();
    streams.forEach(stream -> all.addAll(stream.documents));
    return new TokenStream(all);
  }

  /** A document's ids with the end-of-text token after them. */
  static int[] ended(int[] ids) {
    int[] document = Arrays.copyOf(ids, ids.length + 1);
    document[ids.length] = BytePairEncoding.END_OF_TEXT_ID;
    return document;
  }

  /** All tokens of all documents. */
  long tokens() {
    return documents.stream().mapToLong(document -> document.length).sum();
  }

  /**
   * One pass over the documents in an order drawn from {@code random}.
   *
   * @param context predicted tokens of a window, which has one more; a shorter rest is left out
   */
  List<int[]> windows(int context, Random random) {
    List<int[]> order = new ArrayList<>(documents);
    Collections.shuffle(order, random);
    int[] text = new int[(int) tokens()];
    int end = 0;
    for (int[] document : order) {
      System.arraycopy(document, 0, text, end, document.length);
      end += document.length;
    }
    List<int[]> windows = new ArrayList<>();
    for (int start = 0; start + context < text.length; start += context) {
      windows.add(Arrays.copyOfRange(text, start, start + context + 1));
    }
    Collections.shuffle(windows, random);
    return windows;
  }
}
