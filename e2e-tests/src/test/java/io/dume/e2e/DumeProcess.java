package io.dume.e2e;

import static org.awaitility.Awaitility.await;

import io.dume.cli.Main;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A {@code dume} command in a JVM of its own, with this one's class path. */
public final class DumeProcess implements AutoCloseable {

  /** The exit status of a process that ended because of SIGTERM, when its hooks had run. */
  public static final int TERMINATED = 128 + 15;

  private static final Duration START = Duration.ofSeconds(90);
  private static final Duration STOP = Duration.ofSeconds(60);

  private final String name;
  private final Path log;
  private final Process process;

  private DumeProcess(String name, Path log, Process process) {
    this.name = name;
    this.log = log;
    this.process = process;
  }

  /**
   * Starts a command.
   *
   * @param log receives standard output and standard error
   * @param environment added to this process's
   * @param arguments the command line
   */
  public static DumeProcess start(Path log, Map<String, String> environment, Object... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-Xmx512m",
            // Many small JVMs on few cores: threads and compilers that stay out of each other's
            // way.
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Dai.djl.offline=true",
            "-Dai.djl.pytorch.num_threads=1",
            "-Dai.djl.pytorch.num_interop_threads=1",
            Main.class.getName()));
    Arrays.stream(arguments).map(Object::toString).forEach(command::add);
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    builder.environment().put("OMP_WAIT_POLICY", "PASSIVE");
    builder.environment().putAll(environment);
    try {
      return new DumeProcess(log.getFileName().toString(), log, builder.start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits for a line of its output and returns the pattern's first group. */
  public String awaitOutput(String pattern) {
    Pattern compiled = Pattern.compile(pattern);
    return await(name + ": " + pattern)
        .atMost(START)
        .until(
            () -> {
              Matcher matcher = compiled.matcher(output());
              if (matcher.find()) {
                return matcher.group(1);
              }
              if (!process.isAlive()) {
                throw new IllegalStateException(
                    "%s has ended with status %d: %s"
                        .formatted(name, process.exitValue(), output()));
              }
              return "";
            },
            found -> !found.isEmpty());
  }

  /** What it has written so far. */
  public String output() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sends SIGTERM and returns the exit status. */
  public int terminate() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(STOP.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError(
          "%s has not ended within %s of SIGTERM: %s".formatted(name, STOP, output()));
    }
    return process.exitValue();
  }

  /** Sends SIGKILL, which it can't answer, and waits until it is gone. */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /**
   * Sends any signal, by its name without "SIG"; one that is gone meanwhile is left alone.
   *
   * @return whether it was there to receive it
   */
  public boolean signal(String signal) throws InterruptedException {
    try {
      return new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until it has ended, and returns the exit status. */
  public int awaitEnd() throws InterruptedException {
    return process.waitFor();
  }

  /** Waits until it has ended, or for so long; returns whether it has. */
  public boolean awaitEnd(Duration atMost) throws InterruptedException {
    return process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Whether it has not ended yet. */
  public boolean alive() {
    return process.isAlive();
  }

  /** Its standard input. */
  public OutputStream input() {
    return process.getOutputStream();
  }

  /** Ends it in any case. */
  @Override
  public void close() {
    process.destroyForcibly();
  }
}
