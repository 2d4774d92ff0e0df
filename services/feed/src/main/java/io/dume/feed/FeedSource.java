package io.dume.feed;

import java.io.InputStream;
import java.nio.file.Path;

/** Where documents come from. */
public sealed interface FeedSource {
  /** What of a text is one document. */
  enum Split {
    /** All of a file. */
    WHOLE,
    /** What stands between blank lines. */
    BLANK_LINES
  }

  /**
   * A text file, or all files below a directory, in the order of their names. A document's id is
   * the absolute path and its ordinal within the file.
   *
   * @param domain of all of it
   * @param path a file or a directory
   * @param split what is one document
   */
  record TextFiles(String domain, Path path, Split split) implements FeedSource {}

  /**
   * Text that is read once. Nothing names it, so a document's id is the hash of its text and its
   * ordinal: the same stream sent again has the same ids, another text has others.
   *
   * @param domain of all of it
   * @param stream read to its end, not closed
   * @param split what is one document
   */
  record TextStream(String domain, InputStream stream, Split split) implements FeedSource {}

  /**
   * A file of lines {@code {"domain": …, "id": …, "text": …}}. A document's id is the domain and
   * what the line says, or, where it says nothing, the absolute path and the line's number.
   *
   * @param file the file
   * @param name of the source, a part of the ids: the file's name where nothing else is given
   */
  record JsonLines(Path file, String name) implements FeedSource {
    /**
     * A file that is its own name.
     *
     * @param file the file
     */
    public JsonLines(Path file) {
      this(file, String.valueOf(file.getFileName()));
    }
  }

  /**
   * Such lines from a stream. Lines that give no id are told apart by their numbers alone: give
   * them ids, or another name to each stream.
   *
   * @param stream read to its end, not closed
   * @param name of the source, a part of the ids
   */
  record JsonStream(InputStream stream, String name) implements FeedSource {}
}
