package io.dume.extractor;

import org.apache.kafka.common.KafkaException;

/** Counts flushes that came to nothing since the last that was committed. Not thread-safe. */
final class Aborts {
  /** After so many in a row, trying again would only burn time. */
  private static final int MOST = 5;

  private int inARow;

  /**
   * @throws ExtractorException if that was one too many
   */
  void count(KafkaException cause) {
    inARow++;
    if (inARow >= MOST) {
      throw new ExtractorException(
          "%d times in a row, what was read could not be flushed; the last because of: %s"
              .formatted(inARow, cause.getMessage()),
          cause);
    }
  }

  void reset() {
    inARow = 0;
  }
}
