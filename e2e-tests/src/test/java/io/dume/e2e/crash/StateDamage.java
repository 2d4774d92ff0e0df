package io.dume.e2e.crash;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** Damage to files that a service comes back to. */
final class StateDamage {

  private StateDamage() {}

  /** Deletes a directory; returns how many files were in it. */
  static int delete(Path directory) throws IOException {
    int deleted = 0;
    for (Path path : below(directory)) {
      deleted += Files.isDirectory(path) ? 0 : 1;
      Files.delete(path);
    }
    return deleted;
  }

  /** Deletes each file or not; returns how many. */
  static int deleteHalf(Path directory, Random random) throws IOException {
    int deleted = 0;
    for (Path path : below(directory)) {
      if (!Files.isDirectory(path) && random.nextBoolean()) {
        Files.delete(path);
        deleted++;
      }
    }
    return deleted;
  }

  /** What is in a directory comes before it. */
  private static List<Path> below(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return List.of();
    }
    try (Stream<Path> all = Files.walk(directory)) {
      return all.sorted(Comparator.reverseOrder()).toList();
    }
  }
}
