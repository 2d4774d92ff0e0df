package io.dume.feed;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A file of labelled documents, one JSON object a line, read as the feed reads it, for those who
 * want the documents and not the records.
 */
public final class DocumentFile {
  private DocumentFile() {}

  /** Takes what a file holds, in order. */
  public interface Sink {
    /**
     * A document.
     *
     * @param domain its label
     * @param text not checked for being empty
     */
    void document(String domain, String text);

    /**
     * A line that is none.
     *
     * @param document where and why
     */
    void setAside(SetAsideDocument document);
  }

  /**
   * Reads a file from beginning to end.
   *
   * @param file the file
   * @param sink takes each line
   * @throws IOException if the file can't be read
   */
  public static void read(Path file, Sink sink) throws IOException {
    try (SourceReader reader =
        new JsonLineReader(
            Files.newInputStream(file),
            file.toString(),
            file.toString(),
            String.valueOf(file.getFileName()),
            FeedConfig.DEFAULT_MAX_DOCUMENT_BYTES)) {
      for (Optional<Reading> next = reader.next(); next.isPresent(); next = reader.next()) {
        if (next.get() instanceof Reading.Document document) {
          sink.document(document.domain(), document.text());
        } else if (next.get() instanceof Reading.Unusable unusable) {
          sink.setAside(unusable.document());
        }
      }
    }
  }
}
