package io.dume.evaluator;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Cuts a document's ids into the non-overlapping windows that are evaluated. */
final class Windows {
  private Windows() {}

  /**
   * The windows of one document.
   *
   * @param ids the document with its end-of-text token
   * @param context the longest window, at least 2
   * @return windows in order; one that has nothing to predict (a single token) is left out
   */
  static List<int[]> of(int[] ids, int context) {
    List<int[]> windows = new ArrayList<>();
    for (int from = 0; from < ids.length; from += context) {
      int to = Math.min(from + context, ids.length);
      if (to - from > 1) {
        windows.add(Arrays.copyOfRange(ids, from, to));
      }
    }
    return windows;
  }
}
