package io.dume.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A {@code dume} command in a process of its own. Ended with {@link #close}. */
final class DumeProcess implements AutoCloseable {
  private static final Duration LOOK = Duration.ofMillis(20);
  private static final Duration RUN = Duration.ofMinutes(3);
  private static final Duration STOP = Duration.ofSeconds(60);

  private final Path log;
  private final Process process;

  private DumeProcess(Path log, Process process) {
    this.log = log;
    this.process = process;
  }

  /**
   * Starts a command.
   *
   * @param bench knows how to start a process, and where its output goes
   * @param options further options for the JVM, which win over those that are there
   * @param arguments the command, its name first
   */
  static DumeProcess start(Bench bench, List<String> options, Object... arguments)
      throws IOException {
    List<String> dume = bench.dume();
    List<String> command = new ArrayList<>();
    command.add(dume.get(0));
    // Of two options that contradict each other the later one counts; the class path and the main
    // class are the last three.
    command.addAll(dume.subList(1, dume.size() - 3));
    command.addAll(options);
    command.addAll(dume.subList(dume.size() - 3, dume.size()));
    Arrays.stream(arguments).map(Object::toString).forEach(command::add);
    Path log = Files.createTempFile(bench.scratch(), arguments[0] + "-", ".log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    return new DumeProcess(log, process);
  }

  /** Runs a command to its end. */
  static void run(Bench bench, Object... arguments) throws IOException, InterruptedException {
    try (DumeProcess process = start(bench, List.of(), arguments)) {
      if (!process.process.waitFor(RUN.toSeconds(), TimeUnit.SECONDS)) {
        throw new IllegalStateException(
            "dume %s has not ended within %s: %s".formatted(arguments[0], RUN, process.output()));
      }
      int status = process.process.exitValue();
      if (status != 0) {
        throw new IllegalStateException(
            "dume %s ended with status %d: %s".formatted(arguments[0], status, process.output()));
      }
    }
  }

  long pid() {
    return process.pid();
  }

  String output() throws IOException {
    return Files.readString(log);
  }

  /** Waits for a line of its output, and gives the first group of the pattern. */
  String awaitOutput(Pattern pattern, Duration patience) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      Matcher matcher = pattern.matcher(output());
      if (matcher.find()) {
        return matcher.group(1);
      }
      if (process.waitFor(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IllegalStateException(
            "ended with status %d: %s".formatted(process.exitValue(), output()));
      }
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException(
            "no \"%s\" within %s: %s".formatted(pattern, patience, output()));
      }
    }
  }

  /** Ends it in order; kills it if it does not. */
  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(STOP.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
