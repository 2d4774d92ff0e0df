package io.dume.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Refuses text that is learnt from, or chosen by, and judged by too: figures would flatter. */
final class OtherText {

  private OtherText() {}

  /**
   * Compares each file of one option with each of another.
   *
   * @param option whose files are used first
   * @param files of it
   * @param use what is done with them, as in "what is chosen on"
   * @param judging the option whose files judge
   * @param judges of it
   * @throws IllegalArgumentException if a file is one of the other's, or has just its content
   */
  static void require(
      String option, List<Path> files, String use, String judging, List<Path> judges)
      throws IOException {
    for (Path file : files) {
      for (Path judge : judges) {
        if (Files.isSameFile(file, judge) || Files.mismatch(file, judge) < 0) {
          throw new IllegalArgumentException(
              "%s %s is what %s judges by: %s a text looks better there than it is; give it text of its own"
                  .formatted(option, file, judging, use));
        }
      }
    }
  }
}
