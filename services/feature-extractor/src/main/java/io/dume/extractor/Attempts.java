package io.dume.extractor;

import java.util.function.Supplier;
import org.apache.kafka.common.errors.RetriableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks a cluster again that is in trouble for a while, as when a broker restarts. */
final class Attempts {
  private static final Logger LOG = LoggerFactory.getLogger(Attempts.class);

  /** Each waits for as long as the client is configured to. */
  private static final int ATTEMPTS = 5;

  private Attempts() {}

  /**
   * Asks until there is an answer.
   *
   * @param what is asked for, as in "committed offsets"
   * @param question asked again when it fails with an error that may pass
   * @return the answer
   * @throws ExtractorException if there was none in all attempts
   */
  static <T> T at(String what, Supplier<T> question) {
    for (int attempt = 1; ; attempt++) {
      try {
        return question.get();
      } catch (RetriableException e) {
        if (attempt == ATTEMPTS) {
          throw new ExtractorException(
              "the cluster gave no %s in %d attempts: %s".formatted(what, attempt, e.getMessage()),
              e);
        }
        LOG.warn("the cluster gave no {} and is asked again: {}", what, e.getMessage());
      }
    }
  }
}
