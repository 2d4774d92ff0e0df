package io.dume.bench;

import io.dume.bench.kernels.MatrixKernels;
import io.dume.bench.kernels.TileKernels;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * The innermost loops, by JMH: each in a process of its own, right before its floor, whose name is
 * that of the kernel with {@code Floor} behind it.
 */
final class KernelMeasurement implements Measurement {

  private static final String FLOOR = "Floor";

  /**
   * @param figure its name in the report
   * @param type the class that holds it
   * @param method the kernel
   * @param bytes that one call works through
   */
  private record Kernel(String figure, Class<?> type, String method, long bytes) {
    String benchmark() {
      return type.getName() + "." + method;
    }
  }

  private static final long TILE_BYTES = (long) Long.BYTES * TileKernels.VALUES;

  private static final List<Kernel> KERNELS =
      List.of(
          new Kernel(
              "kernel: Gram to fixed point, d = 768",
              MatrixKernels.class,
              "round",
              (long) Double.BYTES * MatrixKernels.TRIANGLE),
          new Kernel("kernel: digest of a tile", TileKernels.class, "digest", TILE_BYTES),
          new Kernel("kernel: tile to message", TileKernels.class, "encode", TILE_BYTES),
          // Added and taken away again.
          new Kernel("kernel: addition of a tile", TileKernels.class, "add", 2 * TILE_BYTES),
          new Kernel(
              "kernel: tile to matrix",
              MatrixKernels.class,
              "assemble",
              (long) Long.BYTES * MatrixKernels.TILE));

  @Override
  public String name() {
    return "kernels";
  }

  @Override
  public String description() {
    return "the innermost loops, by JMH, against plain loops over the same bytes";
  }

  @Override
  public List<Figure> run(Bench bench) throws RunnerException, InterruptedException {
    int rounds = bench.either(1, 5);
    Map<String, List<Double>> rates = new HashMap<>();
    Set<Long> others = children();
    // Its lock is one file for all users of the machine; who measures sees to being alone.
    System.setProperty("jmh.ignoreLock", "true");
    try {
      for (int round = 1; round <= rounds; round++) {
        bench.progress().accept("round %d of %d".formatted(round, rounds));
        for (RunResult result : jmh(bench)) {
          rates
              .computeIfAbsent(result.getParams().getBenchmark(), key -> new ArrayList<>())
              .addAll(callsPerNanosecond(result));
        }
      }
    } finally {
      endAllBut(others);
    }
    return KERNELS.stream().map(kernel -> figure(kernel, rates)).toList();
  }

  static List<String> benchmarks() {
    return KERNELS.stream().map(Kernel::benchmark).toList();
  }

  private static Collection<RunResult> jmh(Bench bench)
      throws RunnerException, InterruptedException {
    OptionsBuilder options = new OptionsBuilder();
    for (Kernel kernel : KERNELS) {
      options.include(kernel.benchmark().replace(".", "\\.") + "(" + FLOOR + ")?$");
    }
    options
        .mode(Mode.Throughput)
        .timeUnit(TimeUnit.NANOSECONDS)
        .threads(1)
        .forks(1)
        .warmupIterations(1)
        .warmupTime(TimeValue.milliseconds(bench.either(200, 500)))
        .measurementIterations(5)
        .measurementTime(TimeValue.milliseconds(bench.either(60, 300)))
        .shouldFailOnError(true)
        .verbosity(VerboseMode.SILENT);
    Collection<RunResult> results = new Runner(options.build()).run();
    if (Thread.interrupted()) {
      throw new InterruptedException("interrupted while JMH ran");
    }
    return results;
  }

  private static List<Double> callsPerNanosecond(RunResult result) {
    return result.getBenchmarkResults().stream()
        .map(BenchmarkResult::getIterationResults)
        .flatMap(Collection::stream)
        .map((IterationResult iteration) -> iteration.getPrimaryResult().getScore())
        .toList();
  }

  private static Figure figure(Kernel kernel, Map<String, List<Double>> rates) {
    // Calls in a nanosecond times bytes of a call: GB/s.
    double[] value = scaled(rates, kernel.benchmark(), kernel.bytes());
    double[] floor = scaled(rates, kernel.benchmark() + FLOOR, kernel.bytes());
    double[] ratio = new double[value.length];
    for (int i = 0; i < ratio.length; i++) {
      ratio[i] = value[i] / floor[i];
    }
    return Figure.against(
        kernel.figure(),
        "GB/s",
        new Rounds(new Samples(value), new Samples(floor), new Samples(ratio)));
  }

  private static double[] scaled(Map<String, List<Double>> rates, String benchmark, double bytes) {
    return Optional.ofNullable(rates.get(benchmark))
        .orElseThrow(() -> new IllegalStateException("JMH gave no result of " + benchmark))
        .stream()
        .mapToDouble(rate -> rate * bytes)
        .toArray();
  }

  /** JMH leaves the process that it waits for to itself when it is interrupted. */
  private static void endAllBut(Set<Long> others) {
    ProcessHandle.current()
        .children()
        .filter(child -> !others.contains(child.pid()))
        .forEach(ProcessHandle::destroyForcibly);
  }

  private static Set<Long> children() {
    return ProcessHandle.current().children().map(ProcessHandle::pid).collect(Collectors.toSet());
  }
}
