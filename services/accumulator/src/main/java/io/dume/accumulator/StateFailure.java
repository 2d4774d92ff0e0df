package io.dume.accumulator;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** Recognises what only the owner of the disk can mend, in whatever it is wrapped. */
final class StateFailure {
  private static final int DEEPEST = 50;

  private StateFailure() {}

  /**
   * What to say where a store failed because its disk is full.
   *
   * @param directory the state directory
   * @param failure as Streams, RocksDB or Java's files gave it
   * @return the message, or nothing if that is not the reason
   */
  static Optional<String> of(Path directory, Throwable failure) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < DEEPEST; depth++) {
      String message = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
      // RocksDB and Java's files hand on the system's text, and have no type for it in common.
      if (message.contains("no space left on device") || message.contains("disk quota exceeded")) {
        return Optional.of(
            "the disk of state directory %s is full; free some space, or give --state a directory with more, and start again: what was not committed is folded again, and nothing is lost"
                .formatted(directory.toAbsolutePath()));
      }
      cause = cause.getCause();
    }
    return Optional.empty();
  }
}
