package io.dume.feed;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A text file, or all below a directory: sorted, one open at a time. */
final class TextFilesReader implements SourceReader {
  private final FeedSource.TextFiles source;
  private final int maxBytes;
  private final Deque<Path> pending = new ArrayDeque<>();
  private Optional<TextReader> open = Optional.empty();
  private final Path root;
  private Path current;

  TextFilesReader(FeedSource.TextFiles source, int maxBytes) {
    this.source = source;
    this.maxBytes = maxBytes;
    this.root = source.path().toAbsolutePath().normalize();
    this.current = root;
    pending.push(root);
  }

  @Override
  public Optional<Reading> next() {
    while (open.isPresent() || !pending.isEmpty()) {
      try {
        if (open.isEmpty()) {
          advance(pending.pop());
          continue;
        }
        Optional<Reading> next = open.get().next();
        if (next.isPresent()) {
          return next;
        }
        close();
      } catch (IOException e) {
        abandon(e);
        return Optional.of(
            new Reading.Unusable(
                current.toString(), SetAsideDocument.UNREADABLE, "%s", e.toString()));
      }
    }
    return Optional.empty();
  }

  /** The file can't be read on; the next one has its turn. */
  private void abandon(IOException why) {
    try {
      close();
    } catch (IOException e) {
      why.addSuppressed(e);
    }
  }

  private void advance(Path path) throws IOException {
    current = path;
    if (!Files.isDirectory(path)) {
      open =
          Optional.of(
              new TextReader(
                  Files.newInputStream(path),
                  source.domain(),
                  Optional.of(path.toString()),
                  source.split(),
                  maxBytes));
      return;
    }
    if (Files.isSymbolicLink(path) && !path.equals(root)) {
      // It may lead back to where it stands.
      throw new IOException("a symbolic link to a directory: name that directory itself");
    }
    List<Path> entries;
    try (Stream<Path> listed = Files.list(path)) {
      entries = listed.sorted(Comparator.reverseOrder()).toList();
    }
    entries.forEach(pending::push);
  }

  @Override
  public void close() throws IOException {
    if (open.isPresent()) {
      TextReader reader = open.get();
      open = Optional.empty();
      reader.close();
    }
  }
}
