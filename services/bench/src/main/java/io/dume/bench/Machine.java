package io.dume.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeSet;

/**
 * What figures were taken on: without it they say nothing. Immutable.
 *
 * @param lines for people
 */
public record Machine(List<String> lines) {

  private static final Path CPUS = Path.of("/proc/cpuinfo");
  private static final List<String> THREAD_VARIABLES =
      List.of("OMP_NUM_THREADS", "OMP_WAIT_POLICY", "OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS");
  private static final List<String> THREAD_PROPERTIES =
      List.of("ai.djl.pytorch.num_interop_threads", "ai.djl.pytorch.num_threads");

  public Machine {
    lines = List.copyOf(lines);
  }

  /**
   * This machine, as this process sees it.
   *
   * @param environment the process's environment variables
   * @return processor, memory, versions and the settings of threads
   */
  public static Machine here(Map<String, String> environment) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "%s, %d cores, %s of memory, %s of heap at most"
            .formatted(
                processor().orElse("unknown processor"),
                Runtime.getRuntime().availableProcessors(),
                gibibytes(system().getTotalMemorySize()),
                gibibytes(Runtime.getRuntime().maxMemory())));
    lines.add(
        "%s %s %s, Java %s (%s)"
            .formatted(
                System.getProperty("os.name"),
                System.getProperty("os.version"),
                System.getProperty("os.arch"),
                System.getProperty("java.runtime.version"),
                System.getProperty("java.vendor")));
    lines.add(versions());
    lines.add(threads(environment));
    return new Machine(lines);
  }

  /**
   * How busy the machine is.
   *
   * @return runnable threads on average over the last minute, or nothing where that is unknown
   */
  public static Optional<Double> load() {
    double load = system().getSystemLoadAverage();
    return load < 0 ? Optional.empty() : Optional.of(load);
  }

  /**
   * What to say of figures that were not taken alone.
   *
   * @param load as {@link #load} gave it before
   * @return a line for people if more than half of the cores were busy
   */
  public static Optional<String> warning(double load) {
    int cores = Runtime.getRuntime().availableProcessors();
    return load <= cores / 2.0
        ? Optional.empty()
        : Optional.of(
            "warning: the machine was busy before (load %.2f on %d cores): figures are shaken, and worse than they could be"
                .formatted(load, cores));
  }

  private static OperatingSystemMXBean system() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  }

  private static Optional<String> processor() {
    if (!Files.isReadable(CPUS)) {
      return Optional.empty();
    }
    try {
      return processor(Files.readAllLines(CPUS));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Optional<String> processor(List<String> cpuinfo) {
    return cpuinfo.stream()
        .filter(line -> line.startsWith("model name"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst();
  }

  private static String versions() {
    Properties built = new Properties();
    try (InputStream stream = Machine.class.getResourceAsStream("versions.properties")) {
      if (stream == null) {
        throw new IllegalStateException("versions.properties is missing from this build");
      }
      built.load(stream);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return String.join(
        ", ",
        new TreeSet<>(built.stringPropertyNames())
            .stream().map(name -> name + " " + built.getProperty(name)).toList());
  }

  private static String threads(Map<String, String> environment) {
    List<String> set = new ArrayList<>();
    for (String name : THREAD_VARIABLES) {
      Optional.ofNullable(environment.get(name)).ifPresent(value -> set.add(name + "=" + value));
    }
    for (String name : THREAD_PROPERTIES) {
      Optional.ofNullable(System.getProperty(name)).ifPresent(value -> set.add(name + "=" + value));
    }
    return set.isEmpty() ? "no setting of threads" : String.join(", ", set);
  }

  private static String gibibytes(long bytes) {
    return "%.1f GiB".formatted(bytes / (double) (1L << 30));
  }
}
