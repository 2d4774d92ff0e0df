package io.dume.feed;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/** A source as the records that it gives: reading and cutting in one, nothing ahead of its time. */
final class OpenSource implements AutoCloseable {
  private final String name;
  private final SourceReader reader;
  private final RecordCutter cutter;
  private Iterator<Reading> records = List.<Reading>of().iterator();

  private OpenSource(String name, SourceReader reader, RecordCutter cutter) {
    this.name = name;
    this.reader = reader;
    this.cutter = cutter;
  }

  static OpenSource open(FeedSource source, FeedConfig config, RecordCutter cutter) {
    int maxBytes = config.maxDocumentBytes();
    if (source instanceof FeedSource.TextFiles files) {
      return new OpenSource(files.path().toString(), new TextFilesReader(files, maxBytes), cutter);
    }
    if (source instanceof FeedSource.TextStream text) {
      return lazy(
          "-",
          cutter,
          () ->
              new TextReader(
                  unclosed(text.stream()),
                  text.domain(),
                  Optional.empty(),
                  text.split(),
                  maxBytes));
    }
    if (source instanceof FeedSource.JsonStream json) {
      return lazy(
          "-",
          cutter,
          () ->
              new JsonLineReader(unclosed(json.stream()), "-", json.name(), json.name(), maxBytes));
    }
    FeedSource.JsonLines lines = (FeedSource.JsonLines) source;
    String file = lines.file().toString();
    return lazy(
        file,
        cutter,
        () ->
            new JsonLineReader(
                Files.newInputStream(lines.file()),
                file,
                lines.file().toAbsolutePath().normalize().toString(),
                lines.name(),
                maxBytes));
  }

  private static OpenSource lazy(String name, RecordCutter cutter, LazyReader.Opening opening) {
    return new OpenSource(name, new LazyReader(opening), cutter);
  }

  /** Whoever gave a stream closes it. */
  private static InputStream unclosed(InputStream stream) {
    return new FilterInputStream(stream) {
      @Override
      public void close() {}
    };
  }

  /** The next record, or something unusable; never a document. Nothing at the end. */
  Optional<Reading> next() {
    while (!records.hasNext()) {
      Optional<Reading> reading;
      try {
        reading = reader.next();
      } catch (IOException e) {
        return Optional.of(
            new Reading.Unusable(name, SetAsideDocument.UNREADABLE, "%s", e.toString()));
      }
      if (reading.isEmpty() || !(reading.get() instanceof Reading.Document document)) {
        return reading;
      }
      records = cutter.cut(document);
    }
    return Optional.of(records.next());
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }
}
