package io.dume.models;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/** Writes that a power cut leaves either undone or whole. */
final class DurableFiles {

  private DurableFiles() {}

  /** Returns a name beside a file that nobody has; it begins with a dot and ends with .tmp. */
  static Path aside(Path file) {
    return file.resolveSibling("." + file.getFileName() + "." + UUID.randomUUID() + ".tmp");
  }

  /** Whether a file has a name that {@link #aside} gives. */
  static boolean isAside(Path file) {
    String name = file.getFileName().toString();
    return name.startsWith(".") && name.endsWith(".tmp");
  }

  /** Whether a file has a name that {@link #aside} gives for a file of the name. */
  static boolean isAside(Path file, String of) {
    return isAside(file) && file.getFileName().toString().startsWith("." + of + ".");
  }

  /** Makes or replaces a file in one step: whoever opens it finds the old content or the new. */
  static void replace(Path file, byte[] content) throws IOException {
    Path target = file.toAbsolutePath();
    Path aside = aside(target);
    try {
      try (FileChannel channel =
          FileChannel.open(aside, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        ByteBuffer bytes = ByteBuffer.wrap(content);
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(true);
      }
      Files.move(
          aside, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(aside);
    }
    force(target.getParent());
  }

  /** Brings a file's content, or a directory's list of names, to the disk. */
  static void force(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** Brings all files and directories below a directory to the disk. */
  static void forceAll(Path root) throws IOException {
    List<Path> paths;
    try (Stream<Path> walk = Files.walk(root)) {
      paths = walk.toList();
    }
    for (Path path : paths) {
      force(path);
    }
  }
}
