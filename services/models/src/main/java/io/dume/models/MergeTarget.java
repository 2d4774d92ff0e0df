package io.dume.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A directory that is filled beside its final place and moved there when it is whole. */
final class MergeTarget implements AutoCloseable {

  private final Path place;
  private final Path directory;

  private MergeTarget(Path place, Path directory) {
    this.place = place;
    this.directory = directory;
  }

  static MergeTarget prepare(Path out, boolean force) throws IOException {
    Path place = out.toAbsolutePath().normalize();
    if (Files.exists(place)) {
      if (!Files.isDirectory(place)) {
        throw new IllegalArgumentException(out + ": exists and is not a directory");
      }
      boolean merged = Files.exists(place.resolve(MergedManifest.FILE));
      if (!isEmpty(place) && !(force && merged)) {
        throw new IllegalArgumentException(
            out
                + ": not empty"
                + (merged
                    ? " (--force replaces the merged model in it)"
                    : " and not a merged model: choose another directory"));
      }
    }
    Files.createDirectories(place.getParent());
    Path directory = DurableFiles.aside(place);
    Files.createDirectory(directory);
    return new MergeTarget(place, directory);
  }

  private static boolean isEmpty(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.findAny().isEmpty();
    }
  }

  /** Returns where to write. */
  Path directory() {
    return directory;
  }

  void moveIntoPlace() throws IOException {
    DurableFiles.forceAll(directory);
    if (Files.exists(place)) {
      Path old = directory.resolveSibling(directory.getFileName() + ".old");
      Files.move(place, old, StandardCopyOption.ATOMIC_MOVE);
      Files.move(directory, place, StandardCopyOption.ATOMIC_MOVE);
      delete(old);
    } else {
      Files.move(directory, place, StandardCopyOption.ATOMIC_MOVE);
    }
    DurableFiles.force(place.getParent());
  }

  private static void delete(Path root) throws IOException {
    List<Path> deepestFirst;
    try (Stream<Path> paths = Files.walk(root)) {
      deepestFirst = paths.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : deepestFirst) {
      Files.delete(path);
    }
  }

  /** Deletes what was written, unless it was moved into place. */
  @Override
  public void close() throws IOException {
    if (Files.exists(directory)) {
      delete(directory);
    }
  }
}
