package io.dume.extractor;

import io.dume.schemas.message.Id;
import java.util.List;

/** What is to be done with a record. */
sealed interface Verdict {
  /**
   * It counts, as far as can be told before the forward pass.
   *
   * @param id the record's
   * @param slot where
   * @param sequences the positions that count
   * @param tokens their number
   */
  record Accepted(Id id, Slot slot, List<int[]> sequences, long tokens) implements Verdict {}

  /**
   * Its id is counted already.
   *
   * @param id the record's
   */
  record Duplicate(Id id) implements Verdict {}

  /** It is of a domain that the fit leaves out. */
  record LeftOut() implements Verdict {}

  /**
   * It goes to dead-letters.
   *
   * @param reason short and stable
   * @param detail for people
   */
  record Refused(Reason reason, String detail) implements Verdict {}
}
