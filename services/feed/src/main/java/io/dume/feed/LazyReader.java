package io.dume.feed;

import java.io.IOException;
import java.util.Optional;

/**
 * Opens at the first read, and ends after an error: a source that can't be read is said once, and
 * is no reason to stop.
 */
final class LazyReader implements SourceReader {
  /** Makes the reader. */
  interface Opening {
    SourceReader open() throws IOException;
  }

  private final Opening opening;
  private Optional<SourceReader> open = Optional.empty();
  private boolean ended;

  LazyReader(Opening opening) {
    this.opening = opening;
  }

  @Override
  public Optional<Reading> next() throws IOException {
    if (ended) {
      return Optional.empty();
    }
    try {
      if (open.isEmpty()) {
        open = Optional.of(opening.open());
      }
      Optional<Reading> next = open.get().next();
      ended = next.isEmpty();
      return next;
    } catch (IOException e) {
      ended = true;
      throw e;
    }
  }

  @Override
  public void close() throws IOException {
    if (open.isPresent()) {
      open.get().close();
    }
  }
}
