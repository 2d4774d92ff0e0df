package io.dume.feed;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Texts that may have no label: one JSON object a line with {@code "text"}, and {@code "domain"}
 * and {@code "id"} where they are known; other fields are passed over, as in the feed.
 */
public final class TextFile {
  private TextFile() {}

  /**
   * A text.
   *
   * @param where file and line
   * @param domain its label, where it has one
   * @param id its own id, where it has one
   * @param text not checked for being empty
   */
  public record Text(String where, Optional<String> domain, Optional<String> id, String text) {}

  /** Takes what a file holds, in order. */
  public interface Sink {
    /**
     * A text.
     *
     * @param text with its place
     * @return whether another one is wanted
     * @throws IOException to end the reading
     */
    boolean text(Text text) throws IOException;

    /**
     * A line that is none.
     *
     * @param document where and why
     */
    void setAside(SetAsideDocument document);
  }

  /**
   * Reads a file from its beginning, as far as it is wanted.
   *
   * @param file the file
   * @param sink takes each line
   * @throws IOException if the file can't be read
   */
  public static void read(Path file, Sink sink) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      read(in, file.toString(), sink);
    }
  }

  /**
   * Reads a stream, as far as it is wanted, and leaves it open.
   *
   * @param in lines of JSON
   * @param name what to call the stream
   * @param sink takes each line as it comes
   * @throws IOException if the stream can't be read
   */
  public static void read(InputStream in, String name, Sink sink) throws IOException {
    int most = FeedConfig.DEFAULT_MAX_DOCUMENT_BYTES;
    // Closing the reader would close the stream, which is the caller's.
    @SuppressWarnings("resource")
    LineReader lines = new LineReader(in, most);
    boolean more = true;
    for (Optional<LineReader.Line> line = lines.next();
        more && line.isPresent();
        line = more ? lines.next() : line) {
      if (line.get().isBlank()) {
        continue;
      }
      String where = name + ":" + line.get().number();
      if (line.get().tooLong()) {
        sink.setAside(
            new SetAsideDocument(
                where,
                SetAsideDocument.DOCUMENT_TOO_LARGE,
                "a line of more than %d bytes".formatted(most)));
        continue;
      }
      try {
        JsonFields.TextFields fields = JsonFields.text(Utf8.decode(line.get().bytes()));
        more = sink.text(new Text(where, fields.domain(), fields.id(), fields.text()));
      } catch (UnusableException e) {
        sink.setAside(new SetAsideDocument(where, e.reason(), e.getMessage()));
      }
    }
  }
}
