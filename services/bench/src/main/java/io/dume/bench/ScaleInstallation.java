package io.dume.bench;

import io.dume.administration.CutRequests;
import io.dume.administration.Penalty;
import io.dume.bench.ScaleStage.Role;
import io.dume.extractor.FitSettings;
import io.dume.extractor.FlushPolicy;
import io.dume.router.RouterEvent;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.Id;
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
import org.apache.kafka.common.utils.Utils;

/**
 * Workers with random features, accumulators and a solver for one shape, each in a JVM of its own,
 * on a broker that is there. Closing ends them and deletes their topics.
 *
 * <p>Where the statistics are larger than a worker's default for a flush, a flush has as many
 * domains as fit, at least one; records come domain by domain, or workers would flush between each
 * two of them. The record caches together hold the sums and what waits for its order, so there are
 * as many accumulators as caches of {@link #LARGEST_CACHE} are needed for that.
 */
final class ScaleInstallation implements AutoCloseable {
  static final int TOKENS = 64;

  private static final Duration START = Duration.ofSeconds(90);
  private static final Duration VERSION = Duration.ofMinutes(8);
  private static final Pattern WORKING = Pattern.compile("(has partitions \\[\\d)");
  private static final Pattern FOLDING = Pattern.compile("(The fold is RUNNING)");
  private static final Pattern ACTIVE = Pattern.compile("(active solver)");
  private static final long MEBIBYTE = 1L << 20;

  private static final long LARGEST_CACHE = 1792 * MEBIBYTE;
  private static final long LARGEST_HEAP = 3072 * MEBIBYTE;

  /** A tile is half a mebibyte, and G1 rounds what is half a region up to whole ones. */
  private static final String REGIONS = "-XX:G1HeapRegionSize=4m";

  /** More than that a worker does not collect before it flushes, but for a single domain. */
  private static final long FLUSH = FlushPolicy.DEFAULT.bytes();

  private static final Topics.Partitions PARTITIONS = Topics.Partitions.DEFAULT;

  private static final String LOGGING =
      """
      <configuration>
        <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
          <encoder><pattern>%d{HH:mm:ss.SSS} %-5level %msg%n</pattern></encoder>
        </appender>
        <logger name="io.dume" level="INFO"/>
        <logger name="io.dume.accumulator" level="DEBUG"/>
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
    Path logging = bench.scratch().resolve("logback.xml");
    Files.writeString(logging, LOGGING);
    int accumulators = accumulators(shape);
    for (int a = 0; a < accumulators; a++) {
      processes.put("accumulator " + a, accumulator(bench, shape, logging, "a" + a));
    }
    for (int w = 0; w < shape.workers(); w++) {
      processes.put("worker " + w, worker(bench, shape, logging, "w" + w));
    }
    processes.put(
        "solver",
        DumeProcess.start(
            bench,
            List.of("-Xmx1g", REGIONS),
            "solver",
            "--bootstrap-servers",
            kafka.bootstrapServers(),
            "--topic-prefix",
            topics.prefix()));
    for (Map.Entry<String, DumeProcess> process : processes.entrySet()) {
      Role role = role(process.getKey());
      Pattern ready =
          switch (role) {
            case WORKER -> WORKING;
            case FOLD -> FOLDING;
            case SOLVER -> ACTIVE;
          };
      process.getValue().awaitOutput(ready, START);
      probes.put(process.getKey(), new ProcessProbe(process.getValue().pid(), Optional.of(role)));
    }
  }

  private DumeProcess accumulator(Bench bench, ScaleShape shape, Path logging, String instance)
      throws IOException {
    long cache = cache(shape);
    return DumeProcess.start(
        bench,
        List.of(
            "-Xmx" + Math.min(LARGEST_HEAP, 640 * MEBIBYTE + cache * 3 / 2) / MEBIBYTE + "m",
            REGIONS,
            "-Dlogback.configurationFile=" + logging),
        "accumulator",
        "--bootstrap-servers",
        kafka.bootstrapServers(),
        "--topic-prefix",
        topics.prefix(),
        "--state",
        bench.scratch().resolve(topics.prefix() + "state-" + instance),
        "--instance",
        instance,
        "--fold-cache",
        cache / MEBIBYTE + "MiB",
        "--kafka-config",
        "streams.fold.dume.rocksdb.write.buffer.bytes=" + 32 * MEBIBYTE,
        // Cuts are asked for; one more in a flush of minutes would be measured with it.
        "--cut-interval",
        "1d",
        // A commit writes what is staged in vain, and large flushes are staged for long: they are
        // committed with their cut.
        "--commit-interval",
        shape.bytes() > FLUSH ? "5m" : "5s",
        "--transaction-timeout",
        "10m");
  }

  private static Role role(String process) {
    return switch (process.split(" ")[0]) {
      case "accumulator" -> Role.FOLD;
      case "solver" -> Role.SOLVER;
      default -> Role.WORKER;
    };
  }

  /** Bytes of all sums and an open flush of each worker, and a little more for each entry. */
  private static long cached(ScaleShape shape) {
    return (shape.bytes() + shape.workers() * flush(shape)) * 17 / 16 + 32 * MEBIBYTE;
  }

  private static long flush(ScaleShape shape) {
    return Math.max(Math.min(shape.bytes(), FLUSH), shape.layerBytes() * shape.layers());
  }

  /** A partition is folded by one of them: more of them than partitions would be idle. */
  static int accumulators(ScaleShape shape) {
    for (int accumulators = 1; accumulators < PARTITIONS.statistics(); accumulators *= 2) {
      if (cached(shape) <= accumulators * LARGEST_CACHE) {
        return accumulators;
      }
    }
    return PARTITIONS.statistics();
  }

  /** Bytes of record cache of each accumulator. */
  static long cache(ScaleShape shape) {
    return Math.min(cached(shape) / accumulators(shape), LARGEST_CACHE);
  }

  private DumeProcess worker(Bench bench, ScaleShape shape, Path logging, String instance)
      throws IOException {
    List<String> command = new ArrayList<>(bench.dume());
    command.set(command.size() - 1, ScaleWorker.class.getName());
    Bench other = new Bench(bench.quick(), bench.scratch(), command, bench.progress());
    long direct = flush(shape) + 192 * MEBIBYTE;
    return DumeProcess.start(
        other,
        List.of(
            "-Xmx1g",
            REGIONS,
            "-XX:MaxDirectMemorySize=" + direct / MEBIBYTE + "m",
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
        FLUSH);
  }

  /**
   * Feeds each worker some records of each domain, a domain after the other, and waits for the
   * version that has them all.
   */
  void version(ScaleShape shape, int records) throws IOException, InterruptedException {
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            kafka.producer(Map.of()), new ByteArraySerializer(), new ByteArraySerializer())) {
      for (int p = 0; p < shape.domains(); p++) {
        for (int i = 0; i < records * shape.workers(); i++) {
          // Workers share the partitions in ranges.
          int partition = i % shape.workers() * PARTITIONS.tokenBatches() / shape.workers();
          TokenBatch batch = record(RandomFeatures.expert(p), partition);
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

  /** The next record whose key belongs into a partition. */
  private TokenBatch record(String domain, int partition) {
    Id id;
    do {
      part++;
      id = Ids.ofRecord("scale", "random", part);
    } while (Utils.toPositive(Utils.murmur2(id.bytes())) % PARTITIONS.tokenBatches() != partition);
    List<Integer> ids = new ArrayList<>();
    new SplittableRandom(part).ints(TOKENS, 0, RandomFeatures.VOCABULARY).forEach(ids::add);
    return new TokenBatch(id, "scale", "random", part, domain, false, "", List.of(ids));
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
