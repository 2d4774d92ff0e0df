package io.dume.bench;

import io.dume.schemas.kafka.KafkaSettings;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** {@code dume up} in a process of its own. Owned by one thread. */
final class UpProcess implements AutoCloseable {
  private static final String READY = "bootstrap servers: ";
  private static final long STOPS_WITHIN_S = 60;

  private final Process process;
  private final long begin;
  private final KafkaSettings kafka;
  private final Thread drain;

  /**
   * Starts it, and waits until it says that it is up.
   *
   * @param bench says how to start {@code dume}
   * @param data its data directory
   * @param arguments after {@code up --data DIR --port 0}
   * @throws IOException if it ends before it is up; the message is what it said
   */
  UpProcess(Bench bench, Path data, List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>(bench.dume());
    command.addAll(List.of("up", "--data", data.toString(), "--port", "0"));
    command.addAll(arguments);
    Path errors = Files.createTempFile(bench.scratch(), "up", ".log");
    this.begin = System.nanoTime();
    this.process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    try {
      BufferedReader lines =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
      String line = lines.readLine();
      while (line != null && !line.startsWith(READY)) {
        line = lines.readLine();
      }
      if (line == null) {
        throw new IOException("dume up ended early: " + Files.readString(errors));
      }
      this.kafka = KafkaSettings.of(line.substring(READY.length()).strip());
      // What it prints about versions must not fill the pipe.
      this.drain = new Thread(() -> lines.lines().forEach(ignored -> {}), "bench-up-output");
      drain.setDaemon(true);
      drain.start();
    } catch (IOException e) {
      process.destroyForcibly();
      throw e;
    }
  }

  /** How to reach its broker. */
  KafkaSettings kafka() {
    return kafka;
  }

  /** Seconds since the process was started. */
  double seconds() {
    return (System.nanoTime() - begin) / 1e9;
  }

  /** Stops it in order, or after a minute by force. */
  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(STOPS_WITHIN_S, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
      drain.join();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
