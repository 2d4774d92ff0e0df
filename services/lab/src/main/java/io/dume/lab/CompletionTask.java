package io.dume.lab;

/**
 * A text whose continuation is to be written.
 *
 * @param query what stands before; not empty
 * @param answer the one right continuation, without white space around it; one line, not empty
 * @param tokens how many are written at most; at least 1
 */
record CompletionTask(String query, String answer, int tokens) {

  CompletionTask {
    answer = answer.strip();
    if (query.isEmpty() || answer.isEmpty() || answer.lines().count() > 1 || tokens < 1) {
      throw new IllegalArgumentException(
          "query \"%s\", answer \"%s\": both are needed, and the answer is one line"
              .formatted(query, answer));
    }
  }

  /**
   * Whether a text that was written is the answer: white space in front is dropped, then all from
   * the first end of a line on, then white space at the end; what is left must equal the answer.
   */
  boolean isAnsweredBy(String written) {
    return written.strip().lines().findFirst().orElse("").strip().equals(answer);
  }
}
