package io.dume.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.ToDoubleFunction;
import java.util.regex.Pattern;

/**
 * What a flush and the version made of it cost, stage by stage, and how that grows with d, layers,
 * domains and workers: a broker, workers with random features, an accumulator and a solver, each in
 * a JVM of its own. Every worker sums two records of each domain and flushes them in one
 * transaction, and the flush is folded, cut and solved; what threads do meanwhile is sampled. The
 * first flush of a shape finds empty stores and cold processes; the figures are those of the
 * following ones, since whether a commit of the fold falls between the tiles and their order is
 * chance, and costs as much as the tiles do.
 *
 * <p>{@code -Ddume.bench.scale=3072x28x4} measures other shapes than the table's (d, layers,
 * domains and perhaps workers; several are joined by commas).
 */
final class ScaleMeasurement implements Measurement {
  /** Property: the shapes, as {@link ScaleShape#parse} reads them. */
  static final String SHAPES = "dume.bench.scale";

  private static final Duration START = Duration.ofSeconds(90);
  private static final Pattern BOOTSTRAP = Pattern.compile("bootstrap servers: (\\S+)");
  private static final long LOOK_MS = 40;
  private static final int RECORDS = 2;
  private static final int FLUSHES = 3;

  /** Of a shape above this, one flush: it takes minutes. */
  private static final long LARGE = 1L << 30;

  /** Some that differ in d alone, and one that has more of each other thing. */
  private static final String TABLE =
      "576x2x2,1024x2x2,2048x2x2,3072x2x2,4096x2x2,1024x8x2,1024x2x8,1024x2x2x2";

  /** One flush, from the first record to the version. */
  private record Cost(
      double whole,
      Map<String, Double> stages,
      double processors,
      double flushBytes,
      double changelogBytes,
      double layerBytes) {}

  @Override
  public String name() {
    return "scale";
  }

  @Override
  public String description() {
    return "cost of a flush and its version by d, layers, domains and workers";
  }

  /** Each shape has processes of its own. */
  @Override
  public boolean hasQuickForm() {
    return false;
  }

  @Override
  public List<Figure> run(Bench bench) throws Exception {
    List<ScaleShape> shapes = ScaleShape.parse(System.getProperty(SHAPES, TABLE));
    List<Figure> figures = new ArrayList<>();
    Path data = bench.scratch().resolve("broker");
    DumeProcess broker =
        DumeProcess.start(bench, List.of("-Xmx1g"), "broker", "--data", data, "--port", 0);
    try {
      String bootstrap = broker.awaitOutput(BOOTSTRAP, START);
      try (ProcessProbe probe = new ProcessProbe(broker.pid(), Optional.empty())) {
        for (ScaleShape shape : shapes) {
          figures.addAll(measure(bench, bootstrap, probe, shape, shapes.size() == 1));
        }
      }
    } finally {
      ScaleInstallation.end(broker);
    }
    return figures;
  }

  private static List<Figure> measure(
      Bench bench, String bootstrap, ProcessProbe broker, ScaleShape shape, boolean memory)
      throws Exception {
    try (ScaleInstallation installation = ScaleInstallation.start(bench, bootstrap, shape)) {
      Map<String, ProcessProbe> probes = new LinkedHashMap<>(installation.probes());
      probes.put("broker", broker);
      Cost first = flush(installation, probes, shape);
      tell(bench, shape, "first", first);
      List<Cost> costs = new ArrayList<>();
      for (int i = 0; i < (shape.bytes() > LARGE ? 1 : FLUSHES); i++) {
        Cost next = flush(installation, probes, shape);
        tell(bench, shape, "next", next);
        costs.add(next);
      }
      List<Figure> figures = figures(shape, costs);
      probes.forEach(
          (process, probe) -> {
            ProcessProbe.Peak peak = probe.peak();
            bench
                .progress()
                .accept(
                    "%s, %s: heap %.0f MB, direct %.0f MB, resident %.0f MB at most"
                        .formatted(
                            shape.describe(),
                            process,
                            peak.heap() / 1e6,
                            peak.direct() / 1e6,
                            peak.resident() / 1e6));
            if (memory) {
              figures.add(of(shape, process + ", heap at most", "MB", peak.heap() / 1e6));
              figures.add(of(shape, process + ", resident at most", "MB", peak.resident() / 1e6));
            }
          });
      return figures;
    }
  }

  private static Cost flush(
      ScaleInstallation installation, Map<String, ProcessProbe> probes, ScaleShape shape)
      throws Exception {
    double flushed = sent(probes, "partial-statistics");
    double changed = sent(probes, "-changelog");
    double layers = sent(probes, "layer-statistics");
    double taken = processors(probes);
    for (ProcessProbe probe : probes.values()) {
      probe.begin();
    }
    FutureTask<Void> version =
        new FutureTask<>(
            () -> {
              installation.version(shape, RECORDS);
              return null;
            });
    Thread thread = new Thread(version, "bench-scale-version");
    long begin = System.nanoTime();
    thread.start();
    try {
      long last = begin;
      while (!done(version)) {
        long now = System.nanoTime();
        for (ProcessProbe probe : probes.values()) {
          probe.look((now - last) / 1e9);
        }
        last = now;
      }
    } catch (InterruptedException e) {
      // Closing must not wait for anything either.
      Thread.currentThread().interrupt();
      throw e;
    } finally {
      thread.interrupt();
      join(thread);
    }
    double whole = (System.nanoTime() - begin) / 1e9;
    Map<String, Double> stages = new LinkedHashMap<>();
    for (ScaleStage stage : ScaleStage.ALL) {
      double seconds = 0;
      for (ProcessProbe probe : probes.values()) {
        seconds += probe.seconds().getOrDefault(stage, 0.0);
      }
      stages.put(name(stage), seconds);
    }
    return new Cost(
        whole,
        stages,
        processors(probes) - taken,
        sent(probes, "partial-statistics") - flushed,
        sent(probes, "-changelog") - changed,
        sent(probes, "layer-statistics") - layers);
  }

  private static void join(Thread thread) {
    boolean interrupted = Thread.interrupted();
    try {
      thread.join();
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean done(FutureTask<Void> version) throws Exception {
    try {
      version.get(LOOK_MS, TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  private static double processors(Map<String, ProcessProbe> probes) {
    return probes.values().stream().mapToDouble(ProcessProbe::processorSeconds).sum();
  }

  private static double sent(Map<String, ProcessProbe> probes, String topic) throws IOException {
    double bytes = 0;
    for (ProcessProbe probe : probes.values()) {
      bytes += probe.sent(topic);
    }
    return bytes;
  }

  private static String name(ScaleStage stage) {
    return switch (stage.role()) {
      case WORKER -> "worker: " + stage.name();
      case FOLD -> "fold: " + stage.name();
      case SOLVER -> "solver: " + stage.name();
    };
  }

  private static List<Figure> figures(ScaleShape shape, List<Cost> costs) {
    List<Figure> figures = new ArrayList<>();
    figures.add(of(shape, "whole", "s", costs, Cost::whole));
    figures.add(of(shape, "processors", "s", costs, Cost::processors));
    for (ScaleStage stage : ScaleStage.ALL) {
      figures.add(of(shape, name(stage), "s", costs, cost -> cost.stages().get(name(stage))));
    }
    figures.add(of(shape, "flush", "MB", costs, cost -> cost.flushBytes() / 1e6));
    figures.add(of(shape, "changelogs", "MB", costs, cost -> cost.changelogBytes() / 1e6));
    figures.add(of(shape, "cut", "MB", costs, cost -> cost.layerBytes() / 1e6));
    return figures;
  }

  private static Figure of(
      ScaleShape shape, String what, String unit, List<Cost> costs, ToDoubleFunction<Cost> value) {
    return of(shape, what, unit, costs.stream().mapToDouble(value).toArray());
  }

  private static Figure of(ScaleShape shape, String what, String unit, double... values) {
    return Figure.of("scale, %s, %s".formatted(shape.describe(), what), unit, Samples.of(values));
  }

  private static void tell(Bench bench, ScaleShape shape, String which, Cost cost) {
    StringBuilder line = new StringBuilder();
    line.append(
        "%s, %s flush of %.0f MB: %.1f s to the version, %.1f s of processors, changelogs %.0f MB, cut %.0f MB;"
            .formatted(
                shape.describe(),
                which,
                cost.flushBytes() / 1e6,
                cost.whole(),
                cost.processors(),
                cost.changelogBytes() / 1e6,
                cost.layerBytes() / 1e6));
    cost.stages().forEach((stage, seconds) -> line.append(" %s %.2f s,".formatted(stage, seconds)));
    bench.progress().accept(line.toString());
  }
}
