package io.dume.bench;

import io.dume.demo.DemoAssets;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Whether the services' memory grows with the records: each runs as a process of its own on the
 * demo's experts and text, and after every quarter of the records and a version made of them its
 * heap after a collection and its memory outside the heap are read. The heap is touched whole at
 * the start, so what the process has beyond it is libtorch, RocksDB, BLAS, buffers and the JVM
 * itself.
 */
final class MemoryMeasurement implements Measurement {
  private static final int STEPS = 4;
  private static final int HEAP_MEGABYTES = 512;

  /** Without the second compiler, whose workspace of a dozen megabytes comes when it likes. */
  private static final List<String> OPTIONS =
      List.of(
          "-Xms" + HEAP_MEGABYTES + "m",
          "-Xmx" + HEAP_MEGABYTES + "m",
          "-XX:+AlwaysPreTouch",
          "-XX:TieredStopAtLevel=1");

  private static final Duration START = Duration.ofSeconds(90);
  private static final Pattern BOOTSTRAP = Pattern.compile("bootstrap servers: (\\S+)");
  private static final Pattern WORKING = Pattern.compile("(has partitions \\[\\d)");
  private static final Pattern ACTIVE = Pattern.compile("(active solver)");
  private static final Pattern USED_KILOBYTES =
      Pattern.compile("heap\\s+total \\d+K, used (\\d+)K");
  private static final Pattern ANONYMOUS_KILOBYTES = Pattern.compile("RssAnon:\\s+(\\d+) kB");

  /**
   * RocksDB's write buffers and its cache fill up once, which takes 64 MiB of sums a store by
   * default and many thousand records of this model: smaller ones are full after the first, and
   * what still grows then is a leak.
   */
  private static final int ROCKSDB_BYTES = 1 << 20;

  /** Looks at a heap: services at rest still allocate, so the smallest is what they hold. */
  private static final int LOOKS = 3;

  private static final int CONTEXT = DemoAssets.CONTEXT_DIM;

  /** So much text of the demo is one record of at most the demo's context. */
  private static final int CHARACTERS = 500;

  /** What a process has, in megabytes of a million bytes. */
  private record Reading(double heap, double offHeap) {}

  @Override
  public String name() {
    return "memory";
  }

  @Override
  public String description() {
    return "memory of worker, accumulator and solver after all records, and after half of them";
  }

  /** What the first hundreds of records fill is no growth yet. */
  @Override
  public boolean hasQuickForm() {
    return false;
  }

  @Override
  public List<Figure> run(Bench bench) throws Exception {
    int records = bench.either(200, 2_000);
    Path model = DemoModel.merge(bench.scratch());
    try (DumeProcess broker =
        DumeProcess.start(
            bench, OPTIONS, "broker", "--data", bench.scratch().resolve("broker"), "--port", 0)) {
      String bootstrap = broker.awaitOutput(BOOTSTRAP, START);
      Map<String, DumeProcess> services = new LinkedHashMap<>();
      try {
        Object[] worker = {"--instance", "w", "--model", model, "--context-dim", CONTEXT};
        start(bench, services, bootstrap, "feature-extractor", Optional.of(WORKING), worker);
        Object[] accumulator = {
          "--instance",
          "a",
          "--state",
          bench.scratch().resolve("state"),
          "--kafka-config",
          "streams.dume.rocksdb.write.buffer.bytes=" + ROCKSDB_BYTES,
          "--kafka-config",
          "streams.dume.rocksdb.block.cache.bytes=" + ROCKSDB_BYTES
        };
        start(bench, services, bootstrap, "accumulator", Optional.empty(), accumulator);
        start(bench, services, bootstrap, "solver", Optional.of(ACTIVE));
        return figures(records, readings(bench, services, bootstrap, model, records));
      } finally {
        services.values().forEach(DumeProcess::close);
      }
    }
  }

  private static void start(
      Bench bench,
      Map<String, DumeProcess> services,
      String bootstrap,
      String service,
      Optional<Pattern> ready,
      Object... arguments)
      throws IOException, InterruptedException {
    List<Object> all = new ArrayList<>(List.of(service, "--bootstrap-servers", bootstrap));
    all.addAll(List.of(arguments));
    DumeProcess process = DumeProcess.start(bench, OPTIONS, all.toArray());
    services.put(service, process);
    if (ready.isPresent()) {
      process.awaitOutput(ready.get(), START);
    }
  }

  private static Map<String, List<Reading>> readings(
      Bench bench, Map<String, DumeProcess> services, String bootstrap, Path model, int records)
      throws IOException, InterruptedException {
    Map<String, List<Reading>> readings = new LinkedHashMap<>();
    services.keySet().forEach(service -> readings.put(service, new ArrayList<>()));
    for (int step = 1; step <= STEPS; step++) {
      Path documents = bench.scratch().resolve("documents-%d.jsonl".formatted(step));
      write(documents, step, records / STEPS);
      DumeProcess.run(
          bench,
          "feed",
          "--bootstrap-servers",
          bootstrap,
          "--model",
          model,
          "--context-dim",
          CONTEXT,
          "--jsonl",
          documents);
      DumeProcess.run(bench, "solve", "--bootstrap-servers", bootstrap);
      for (Map.Entry<String, DumeProcess> service : services.entrySet()) {
        readings.get(service.getKey()).add(read(service.getValue().pid()));
      }
      bench.progress().accept("%d of %d records".formatted(step * (records / STEPS), records));
    }
    return readings;
  }

  /** Documents of one record each, with ids of their own; the text comes round again. */
  private static void write(Path file, int step, int documents) throws IOException {
    try (BufferedWriter out = Files.newBufferedWriter(file, StandardCharsets.UTF_8)) {
      int each = documents / DemoAssets.DOMAINS.size();
      for (String domain : DemoAssets.DOMAINS) {
        List<String> texts;
        try (Stream<DemoAssets.Document> found =
            DemoAssets.documents(domain, DemoAssets.Split.TRAIN)) {
          texts = found.limit(each).map(DemoAssets.Document::text).toList();
        }
        Iterator<String> next = texts.iterator();
        for (int i = 0; i < each; i++) {
          next = next.hasNext() ? next : texts.iterator();
          String text = next.next();
          out.write(
              line(domain, step + "-" + i, text.substring(0, Math.min(CHARACTERS, text.length()))));
        }
      }
    }
  }

  private static String line(String domain, String id, String text) {
    String escaped = text.replace("\\", "\\\\").replace("\"", "\\\"").replaceAll("\\p{Cntrl}", " ");
    return "{\"domain\":\"%s\",\"id\":\"%s\",\"text\":\"%s\"}%n".formatted(domain, id, escaped);
  }

  private static Reading read(long pid) throws IOException, InterruptedException {
    double heap = Double.POSITIVE_INFINITY;
    for (int look = 0; look < LOOKS; look++) {
      jcmd(pid, "GC.run");
      heap = Math.min(heap, number(USED_KILOBYTES, jcmd(pid, "GC.heap_info")) * 1024 / 1e6);
    }
    String status = Files.readString(Path.of("/proc/%d/status".formatted(pid)));
    double anonymous = number(ANONYMOUS_KILOBYTES, status) * 1024 / 1e6;
    return new Reading(heap, anonymous - HEAP_MEGABYTES * 1048576 / 1e6);
  }

  private static String jcmd(long pid, String command) throws IOException, InterruptedException {
    Path tool = Path.of(System.getProperty("java.home"), "bin", "jcmd");
    Process process =
        new ProcessBuilder(tool.toString(), Long.toString(pid), command)
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IllegalStateException("jcmd %s failed: %s".formatted(command, output));
    }
    return output;
  }

  private static double number(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    if (!matcher.find()) {
      throw new IllegalStateException("no \"%s\" in: %s".formatted(pattern, text));
    }
    return Double.parseDouble(matcher.group(1));
  }

  private static List<Figure> figures(int records, Map<String, List<Reading>> readings) {
    List<Figure> figures = new ArrayList<>();
    readings.forEach(
        (service, all) -> {
          Reading half = all.get(STEPS / 2 - 1);
          Reading end = all.get(STEPS - 1);
          figures.add(figure(service, "heap after a collection", records, end.heap(), half.heap()));
          figures.add(figure(service, "outside the heap", records, end.offHeap(), half.offHeap()));
        });
    return figures;
  }

  private static Figure figure(String service, String what, int records, double end, double half) {
    return new Figure(
        "memory, %s, %s, %,d records".formatted(service, what, records),
        "MB",
        end,
        0,
        OptionalDouble.of(half),
        OptionalDouble.of(end / half),
        Optional.of(Target.ratioAtMost(1.1)));
  }
}
