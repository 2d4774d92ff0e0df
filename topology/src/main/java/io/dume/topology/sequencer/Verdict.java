package io.dume.topology.sequencer;

/** What becomes of a manifest. Reasons are short and stable, details are for people. */
sealed interface Verdict {
  /** It is added. */
  record Counts() implements Verdict {}

  /** A control record that is still to be read may explain it. */
  record Waits(String reason, String detail) implements Verdict {}

  /** It goes to dead-letters. */
  record Refused(String reason, String detail) implements Verdict {}

  /** It goes to dead-letters, and its fit can't go on. */
  record StopsFit(String reason, String detail) implements Verdict {}
}
