package io.dume.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A directory for a run that starts from nothing. */
final class FreshDirectory {

  private FreshDirectory() {}

  /**
   * Makes the directory.
   *
   * @return {@code directory}
   * @throws IllegalArgumentException if something is in it: a run would go on from there
   */
  static Path make(String option, Path directory) throws IOException {
    if (Files.exists(directory)) {
      try (var entries = Files.list(directory)) {
        if (entries.findAny().isPresent()) {
          throw new IllegalArgumentException(
              "%s %s is not empty, and this starts from nothing: choose another directory, or use `dume up` to go on with what is there"
                  .formatted(option, directory));
        }
      }
    }
    return Files.createDirectories(directory);
  }
}
