package io.dume.feed;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/** One document in each line. Blank lines are none. */
final class JsonLineReader implements SourceReader {
  private final LineReader lines;
  private final String file;
  private final String place;
  private final String name;
  private final int maxBytes;

  /**
   * @param file for people
   * @param place a part of the ids of documents that have none of their own
   * @param name a part of all ids
   */
  JsonLineReader(InputStream in, String file, String place, String name, int maxBytes) {
    this.lines = new LineReader(in, maxBytes);
    this.file = file;
    this.place = place;
    this.name = name;
    this.maxBytes = maxBytes;
  }

  @Override
  public Optional<Reading> next() throws IOException {
    Optional<LineReader.Line> line = lines.next();
    while (line.isPresent() && line.get().isBlank()) {
      line = lines.next();
    }
    return line.map(this::parse);
  }

  private Reading parse(LineReader.Line line) {
    String where = file + ":" + line.number();
    if (line.tooLong()) {
      return new Reading.Unusable(
          where,
          SetAsideDocument.DOCUMENT_TOO_LARGE,
          "a line of more than %d bytes: raise the limit or send smaller documents",
          maxBytes);
    }
    try {
      JsonFields.DocumentFields fields = JsonFields.document(Utf8.decode(line.bytes()));
      // An id is the domain's own; without one, only path and line tell documents apart.
      String id =
          fields
              .id()
              .map(given -> fields.domain() + "/" + given)
              .orElse(place + "#" + line.number());
      return new Reading.Document(fields.domain(), "jsonl:" + name, id, fields.text(), where);
    } catch (UnusableException e) {
      return e.at(where);
    }
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
