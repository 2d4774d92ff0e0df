package io.dume.extractor;

import java.util.List;

/** What is to be done with a record. */
sealed interface Verdict {
  /**
   * It counts, as far as can be told before the forward pass.
   *
   * @param slot where
   * @param sequences the positions that count
   * @param tokens their number
   */
  record Accepted(Slot slot, List<int[]> sequences, long tokens) implements Verdict {}

  /**
   * It goes to dead-letters.
   *
   * @param reason short and stable
   * @param detail for people
   */
  record Refused(Reason reason, String detail) implements Verdict {}
}
