package io.dume.feed;

import java.io.IOException;
import java.util.Optional;

/** Reads a source from its beginning to its end. Used by one thread. */
interface SourceReader extends AutoCloseable {
  /**
   * What comes next.
   *
   * @return nothing at the end
   * @throws IOException if the source can't be read on
   */
  Optional<Reading> next() throws IOException;

  @Override
  void close() throws IOException;
}
