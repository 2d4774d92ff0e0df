package io.dume.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Files of results: JSON for scripts and people alike, indented and with a line end after it, or
 * text as it is.
 */
final class ResultFile {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** A temporary file is for its owner alone; a result is for whoever may read the directory. */
  private static final Set<PosixFilePermission> READABLE =
      PosixFilePermissions.fromString("rw-r--r--");

  private ResultFile() {}

  /** Writes a document; what is there is replaced in one step, so nobody reads half of it. */
  static void write(Path file, JsonNode document) throws IOException {
    String text = JSON.writerWithDefaultPrettyPrinter().writeValueAsString(document);
    write(file, text + System.lineSeparator());
  }

  /** Writes a text in the same way. */
  static void write(Path file, String text) throws IOException {
    Path target = file.toAbsolutePath();
    Path partial = Files.createTempFile(target.getParent(), target.getFileName() + ".", ".partial");
    try {
      Files.writeString(partial, text);
      Files.setPosixFilePermissions(partial, READABLE);
      Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(partial);
    }
  }

  /** Fails now rather than after the work if a file could not be written later. */
  static void requireWritable(String option, Path file) {
    Path directory = file.toAbsolutePath().getParent();
    if (Files.isDirectory(file) || directory == null || !Files.isWritable(directory)) {
      throw new IllegalArgumentException(
          "%s %s can't be written: name a file in a directory that exists and is writable"
              .formatted(option, file));
    }
  }
}
