package io.dume.bench;

import io.dume.administration.CutRequests;
import io.dume.administration.Penalty;
import io.dume.bench.ScaleStage.Role;
import io.dume.extractor.FitSettings;
import io.dume.router.RouterEvent;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.Wire;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Workers with random features, an accumulator and a solver for one shape, each in a JVM of its
 * own, on a broker that is there. Closing ends them and deletes their topics.
 */
final class ScaleInstallation implements AutoCloseable {
  static final int TOKENS = 64;

  private static final Duration START = Duration.ofSeconds(90);
  private static final Duration VERSION = Duration.ofMinutes(8);
  private static final Pattern WORKING = Pattern.compile("(has partitions \\[\\d)");
  private static final Pattern ACTIVE = Pattern.compile("(active solver)");
  private static final long MEBIBYTE = 1L << 20;

  private static final long LARGEST_CACHE = 1792 * MEBIBYTE;
  private static final long LARGEST_HEAP = 3072 * MEBIBYTE;

  /** A tile is half a mebibyte, and G1 rounds what is half a region up to whole ones. */
  private static final String REGIONS = "-XX:G1HeapRegionSize=4m";

  private static final String LOGGING =
      """
      <configuration>
        <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
          <encoder><pattern>%d{HH:mm:ss.SSS} %-5level %msg%n</pattern></encoder>
        </appender>
        <logger name="io.dume" level="INFO"/>
        <root level="WARN"><appender-ref ref="out"/></root>
      </configuration>
      """;

  private final KafkaSettings kafka;
  private final Topics topics;
  private final Map<String, DumeProcess> processes = new LinkedHashMap<>();
  private final Map<String, ProcessProbe> probes = new LinkedHashMap<>();
  private int part;

  private ScaleInstallation(KafkaSettings kafka, Topics topics) {
    this.kafka = kafka;
    this.topics = topics;
  }

  static ScaleInstallation start(Bench bench, String bootstrap, ScaleShape shape)
      throws IOException, InterruptedException {
    String prefix =
        "d%d-%d-%d-%d.".formatted(shape.width(), shape.layers(), shape.domains(), shape.workers());
    ScaleInstallation installation =
        new ScaleInstallation(KafkaSettings.of(bootstrap), new Topics(prefix));
    try {
      installation.start(bench, shape);
      return installation;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      installation.close();
      throw e;
    } catch (IOException | RuntimeException e) {
      installation.close();
      throw e;
    }
  }

  private void start(Bench bench, ScaleShape shape) throws IOException, InterruptedException {
    String bootstrap = kafka.bootstrapServers();
    DumeProcess accumulator =
        DumeProcess.start(
            bench,
            List.of("-Xmx" + accumulatorHeap(shape), REGIONS),
            "accumulator",
            "--bootstrap-servers",
            bootstrap,
            "--topic-prefix",
            topics.prefix(),
            "--state",
            bench.scratch().resolve(topics.prefix() + "state"),
            "--instance",
            "a",
            "--fold-cache",
            cache(shape) + "MiB",
            "--kafka-config",
            "streams.fold.dume.rocksdb.write.buffer.bytes=" + 32 * MEBIBYTE,
            // Where the cache can't hold a flush, each commit writes what is staged in vain.
            "--commit-interval",
            shape.bytes() > LARGEST_CACHE ? "60s" : "5s",
            "--transaction-timeout",
            "10m");
    processes.put("accumulator", accumulator);
    for (int w = 0; w < shape.workers(); w++) {
      processes.put("worker " + w, worker(bench, shape, "w" + w));
    }
    for (int w = 0; w < shape.workers(); w++) {
      processes.get("worker " + w).awaitOutput(WORKING, START);
    }
    DumeProcess solver =
        DumeProcess.start(
            bench,
            List.of("-Xmx1g", REGIONS),
            "solver",
            "--bootstrap-servers",
            bootstrap,
            "--topic-prefix",
            topics.prefix());
    processes.put("solver", solver);
    solver.awaitOutput(ACTIVE, START);
    for (Map.Entry<String, DumeProcess> process : processes.entrySet()) {
      probes.put(
          process.getKey(), new ProcessProbe(process.getValue().pid(), role(process.getKey())));
    }
  }

  private static Optional<Role> role(String process) {
    return switch (process) {
      case "accumulator" -> Optional.of(Role.FOLD);
      case "solver" -> Optional.of(Role.SOLVER);
      default -> Optional.of(Role.WORKER);
    };
  }

  /** All sums and an open flush of each worker, up to what the heap has room for. */
  private static long cache(ScaleShape shape) {
    long wanted = shape.bytes() * (1 + shape.workers()) * 9 / 8 + 32 * MEBIBYTE;
    return Math.min(wanted, LARGEST_CACHE) / MEBIBYTE;
  }

  private static String accumulatorHeap(ScaleShape shape) {
    return Math.min(LARGEST_HEAP / MEBIBYTE, 640 + cache(shape) * 3 / 2) + "m";
  }

  private DumeProcess worker(Bench bench, ScaleShape shape, String instance) throws IOException {
    Path logging = bench.scratch().resolve("logback.xml");
    Files.writeString(logging, LOGGING);
    List<String> command = new ArrayList<>(bench.dume());
    command.set(command.size() - 1, ScaleWorker.class.getName());
    Bench other = new Bench(bench.quick(), bench.scratch(), command, bench.progress());
    long sums = shape.bytes() + 64 * MEBIBYTE;
    return DumeProcess.start(
        other,
        List.of(
            "-Xmx1g",
            REGIONS,
            "-XX:MaxDirectMemorySize=" + (sums / MEBIBYTE + 128) + "m",
            // JavaCPP refuses where the whole process, these sums included, has four times the
            // heap.
            "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
            "-Dlogback.configurationFile=" + logging),
        kafka.bootstrapServers(),
        topics.prefix(),
        instance,
        shape.width(),
        shape.layers(),
        shape.domains(),
        TOKENS,
        sums);
  }

  /** Feeds records, evenly over the domains, and waits for the version that has them all. */
  void version(ScaleShape shape, int records) throws IOException, InterruptedException {
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            kafka.producer(Map.of()), new ByteArraySerializer(), new ByteArraySerializer())) {
      for (int i = 0; i < records; i++) {
        for (int p = 0; p < shape.domains(); p++) {
          TokenBatch batch = record(RandomFeatures.expert(p));
          producer.send(
              new ProducerRecord<>(
                  topics.tokenBatches(), batch.getId().bytes(), Wire.encode(batch)));
        }
      }
      producer.flush();
    }
    long deadline = System.nanoTime() + VERSION.toNanos();
    RouterEvent answer =
        new CutRequests(kafka, topics, FitSettings.DEFAULT_ROUTER)
            .ask(
                Penalty.DEFAULT,
                () ->
                    System.nanoTime() > deadline
                        || !processes.values().stream().allMatch(this::lives))
            .orElseThrow(() -> new IllegalStateException("no version of " + shape.describe()));
    if (answer instanceof RouterEvent.Refused refused) {
      throw new IllegalStateException("no router: " + refused.refusal().getReason());
    }
  }

  private boolean lives(DumeProcess process) {
    return ProcessHandle.of(process.pid()).isPresent();
  }

  private TokenBatch record(String domain) {
    part++;
    List<Integer> ids = new ArrayList<>();
    new SplittableRandom(part).ints(TOKENS, 0, RandomFeatures.VOCABULARY).forEach(ids::add);
    return new TokenBatch(
        Ids.ofRecord("scale", "random", part),
        "scale",
        "random",
        part,
        domain,
        false,
        "",
        List.of(ids));
  }

  Map<String, ProcessProbe> probes() {
    return probes;
  }

  /** At once: nobody needs what it has. */
  static void end(DumeProcess process) {
    ProcessHandle.of(process.pid())
        .ifPresent(
            running -> {
              running.destroyForcibly();
              running.onExit().join();
            });
    process.close();
  }

  @Override
  public void close() {
    RuntimeException failure = null;
    for (ProcessProbe probe : probes.values()) {
      try {
        probe.close();
      } catch (IOException e) {
        failure = new IllegalStateException("a connection did not close", e);
      }
    }
    processes.values().forEach(ScaleInstallation::end);
    // Who interrupts may have ended the broker too; the data is deleted then anyway.
    if (!Thread.currentThread().isInterrupted()) {
      deleteTopics();
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** Shapes follow each other: together they would have many gigabytes. */
  private void deleteTopics() {
    try (Admin admin = Admin.create(kafka.admin())) {
      List<String> ours =
          admin.listTopics().names().get().stream()
              .filter(topic -> topic.startsWith(topics.prefix()))
              .toList();
      admin.deleteTopics(ours).all().get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("topics were not deleted", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
