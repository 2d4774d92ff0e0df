package io.dume.e2e.hostile;

import io.dume.e2e.DumeProcess;
import io.dume.e2e.GoldenOracle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * {@code dume up} in a process with a bounded heap that ends at the first OutOfMemoryError and logs
 * its collections.
 */
final class Installation implements AutoCloseable {
  /** What {@link DumeProcess} gives every process. */
  static final long HEAP_BYTES = 512L << 20;

  /**
   * The heap, and outside of it code, classes, threads' stacks, buffers, libtorch with a small
   * model, and RocksDB with its block caches and write buffers.
   */
  static final long RESIDENT_BYTES = 1536L << 20;

  private static final Pattern COLLECTION = Pattern.compile("Pause Full.*->(\\d+)M\\(");
  private static final Pattern PEAK = Pattern.compile("VmHWM:\\s+(\\d+) kB");

  private final DumeProcess process;
  private final Path collections;
  private final String bootstrapServers;

  private Installation(DumeProcess process, Path collections) {
    this.process = process;
    this.collections = collections;
    this.bootstrapServers = process.awaitOutput("bootstrap servers: (\\S+)");
  }

  /** Starts on the data that are there, or anew. */
  static Installation start(Path directory, Path model, int statisticsPartitions) {
    try {
      Path run = Files.createTempDirectory(directory, "run");
      DumeProcess process =
          DumeProcess.start(
              run.resolve("up.log"),
              Map.of(
                  "JAVA_TOOL_OPTIONS",
                  "-XX:+ExitOnOutOfMemoryError -Xlog:gc:file=" + run.resolve("gc-%p.log")),
              "up",
              "--data",
              directory.resolve("data"),
              "--model",
              model,
              "--port",
              0,
              "--context-dim",
              GoldenOracle.CONTEXT_DIM,
              "--statistics-partitions",
              statisticsPartitions,
              "--token-partitions",
              3,
              // Versions on demand alone, so that the tests know their numbers.
              "--cut-tokens",
              1_000_000_000,
              "--cut-interval",
              "1h",
              "--commit-interval",
              "1s");
      return new Installation(process, run);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String bootstrapServers() {
    return bootstrapServers;
  }

  void requireAlive() {
    if (!process.alive()) {
      throw new AssertionError("dume up has ended: " + tail());
    }
  }

  /** The end of what it wrote. */
  String tail() {
    String output = process.output();
    return output.substring(Math.max(0, output.length() - 20_000));
  }

  /** Lines that tell of an exhausted heap. */
  List<String> outOfMemory() {
    return process
        .output()
        .lines()
        .filter(line -> line.contains("java.lang.OutOfMemoryError"))
        .toList();
  }

  private Path log() throws IOException {
    try (Stream<Path> files = Files.list(collections)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith("gc-"))
          .findFirst()
          .orElseThrow();
    }
  }

  /** The most that a full collection left on the heap; 0 where none was needed. */
  long mostHeapBytes() throws IOException {
    Matcher matcher = COLLECTION.matcher(Files.readString(log()));
    long most = 0;
    while (matcher.find()) {
      most = Math.max(most, Long.parseLong(matcher.group(1)));
    }
    return most << 20;
  }

  /** The most that it ever had in memory; only while it runs. */
  long mostResidentBytes() throws IOException {
    String pid = log().getFileName().toString().replaceAll("\\D", "");
    Matcher matcher = PEAK.matcher(Files.readString(Path.of("/proc", pid, "status")));
    if (!matcher.find()) {
      throw new IllegalStateException("the system does not tell how much memory was used");
    }
    return Long.parseLong(matcher.group(1)) << 10;
  }

  int terminate() throws InterruptedException {
    return process.terminate();
  }

  @Override
  public void close() {
    process.close();
  }
}
