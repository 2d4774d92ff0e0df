package io.dume.e2e.containers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Commands of this machine, run to their end in the project's root. */
final class Shell {

  /** The end of standard output and standard error, and the exit status. */
  record Result(String command, int status, String output) {

    boolean ok() {
      return status == 0;
    }

    /** For the description of an assertion. */
    @Override
    public String toString() {
      return "%s: status %d%n%s".formatted(command, status, output);
    }
  }

  /** Of a command that could not be started at all. */
  static final int NOT_STARTED = 127;

  /** Of a command that was ended because it took too long. */
  static final int TOO_LATE = 124;

  private Shell() {}

  /** The project's root: tests run in the directory of their module. */
  static Path root() {
    return Path.of("").toAbsolutePath().getParent();
  }

  static Result run(Duration limit, Map<String, String> environment, Object... command) {
    List<String> words = new ArrayList<>();
    for (Object word : command) {
      words.add(word.toString());
    }
    String name = String.join(" ", words);
    try {
      Path log = Files.createTempFile("dume-shell", ".log");
      try {
        ProcessBuilder builder =
            new ProcessBuilder(words)
                .directory(root().toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        if (!process.waitFor(limit.toSeconds(), TimeUnit.SECONDS)) {
          process.destroyForcibly();
          String so = new String(Files.readAllBytes(log), StandardCharsets.UTF_8);
          return new Result(name, TOO_LATE, so + "\nhas not ended within " + limit);
        }
        String output = new String(Files.readAllBytes(log), StandardCharsets.UTF_8);
        return new Result(name, process.exitValue(), output);
      } finally {
        Files.delete(log);
      }
    } catch (IOException e) {
      if (e.getMessage() != null && e.getMessage().startsWith("Cannot run program")) {
        return new Result(name, NOT_STARTED, e.getMessage());
      }
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
