package io.dume.e2e.crash;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** A file system of its own, in memory, that can be filled and emptied. Needs root. */
final class SmallDisk implements AutoCloseable {
  private static final int MEBIBYTES = 256;

  private final Path directory;
  private final Path ballast;

  private SmallDisk(Path directory) {
    this.directory = directory;
    this.ballast = directory.resolve("ballast");
  }

  /** Mounts one, or skips the test and says why. */
  static SmallDisk at(Path directory) throws IOException, InterruptedException {
    Files.createDirectories(directory);
    String problem =
        run("mount", "-t", "tmpfs", "-o", "size=" + MEBIBYTES + "m", "tmpfs", directory.toString());
    if (!problem.isEmpty()) {
      String skipped = "SKIPPED, the disk is never full: no tmpfs can be mounted here: " + problem;
      System.out.println(skipped);
      Assumptions.abort(skipped);
    }
    return new SmallDisk(directory);
  }

  /** Runs a command; gives what it said if it failed, and nothing otherwise. */
  private static String run(String... command) throws InterruptedException {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String said =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return process.waitFor() == 0 ? "" : said + " (status %d)".formatted(process.exitValue());
    } catch (IOException e) {
      return e.getMessage();
    }
  }

  Path directory() {
    return directory;
  }

  /** Leaves no byte of space. */
  void fill() throws IOException {
    byte[] page = new byte[4096];
    try (OutputStream out = Files.newOutputStream(ballast)) {
      while (true) {
        out.write(page);
      }
    } catch (IOException e) {
      if (!String.valueOf(e.getMessage()).contains("No space left on device")) {
        throw e;
      }
    }
  }

  /** Makes space again. */
  void empty() throws IOException {
    Files.delete(ballast);
  }

  @Override
  public void close() {
    try {
      String problem = run("umount", "-l", directory.toString());
      if (!problem.isEmpty()) {
        throw new UncheckedIOException(new IOException(problem));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
