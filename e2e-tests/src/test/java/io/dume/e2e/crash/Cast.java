package io.dume.e2e.crash;

import io.dume.demo.DemoAssets;
import io.dume.e2e.DumeProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;

/**
 * The processes of a run: a broker, a worker, an accumulator and a solver that are struck and come
 * back, a second worker and a second accumulator that join and leave.
 */
final class Cast implements AutoCloseable {

  /** How long a group waits for a member that it does not hear of, in milliseconds. */
  private static final int SESSION = 6_000;

  /** The worker that is struck. */
  static final String WORKER = "worker-a";

  private static final String ACCUMULATOR = "accumulator-a";

  private final Material material;
  private final Path directory;
  private final Path logs;
  private final long seed;
  private final Tally tally;
  private final CountDownLatch end = new CountDownLatch(1);
  private final Supervised broker;
  private final Supervised worker;
  private final Supervised accumulator;
  private final Supervised solver;
  private final Supervised secondWorker;
  private final Supervised secondAccumulator;
  private final Visitor visitingWorker;
  private final Visitor visitingAccumulator;

  /** Known once the broker has taken a port, which it keeps. */
  private volatile String bootstrap = "127.0.0.1:0";

  Cast(Material material, Path directory, Path logs, long seed, Tally tally) {
    this.material = material;
    this.directory = directory;
    this.logs = logs;
    this.seed = seed;
    this.tally = tally;
    this.broker = supervised("broker", this::brokerCommand, "bootstrap servers: ");
    this.worker = worker(WORKER);
    this.secondWorker = worker("worker-b");
    this.accumulator = accumulator(ACCUMULATOR);
    this.secondAccumulator = accumulator("accumulator-b");
    this.solver =
        supervised("solver", () -> common("solver", List.of()), "active solver of router");
    this.visitingWorker = new Visitor(secondWorker, moments("worker-b"), tally);
    this.visitingAccumulator = new Visitor(secondAccumulator, moments("accumulator-b"), tally);
  }

  /** Random moments of a part, which end with the run. */
  Moments moments(String part) {
    return new Moments(seed, part, end);
  }

  private Supervised supervised(String name, Supplier<List<Object>> command, String ready) {
    return new Supervised(name, logs, command, ready, moments("supervisor " + name), tally);
  }

  private List<Object> brokerCommand() {
    return List.of(
        "broker",
        "--data",
        directory.resolve("broker"),
        "--port",
        bootstrap.substring(bootstrap.lastIndexOf(':') + 1));
  }

  private List<Object> common(String service, List<Object> more) {
    List<Object> command =
        new ArrayList<>(
            List.of(
                service,
                "--bootstrap-servers",
                bootstrap,
                "--kafka-config",
                "consumer.session.timeout.ms=" + SESSION,
                "--kafka-config",
                "consumer.heartbeat.interval.ms=" + SESSION / 4));
    command.addAll(more);
    return command;
  }

  private Supervised worker(String instance) {
    List<Object> arguments =
        List.of(
            "--instance",
            instance,
            "--model",
            material.model(),
            "--context-dim",
            DemoAssets.CONTEXT_DIM,
            "--flush-interval",
            "1s",
            // The transaction timeout follows from it: 12 s.
            "--flush-bytes",
            "32MiB");
    return supervised(
        instance, () -> common("feature-extractor", arguments), "has partitions \\[\\d");
  }

  private Supervised accumulator(String instance) {
    List<Object> arguments =
        List.of(
            "--verbose",
            "--instance",
            instance,
            "--state",
            state(instance),
            "--commit-interval",
            "1s",
            "--transaction-timeout",
            "12s",
            "--cut-interval",
            "3s",
            "--cut-tokens",
            "20000");
    return supervised(instance, () -> common("accumulator", arguments), "The fold is RUNNING");
  }

  private Path state(String instance) {
    return directory.resolve("state-" + instance);
  }

  /** Starts all that is struck; the visitors come by themselves. */
  void start() throws InterruptedException {
    broker.start();
    bootstrap = broker.awaitStart().awaitOutput("bootstrap servers: (\\S+)");
    List.of(worker, accumulator, solver).forEach(Supervised::start);
  }

  /** Waits until all that is struck is at work. */
  void awaitReady() throws InterruptedException {
    for (Supervised service : List.of(worker, accumulator, solver)) {
      if (!service.awaitReady(Duration.ofMinutes(5))) {
        throw new AssertionError(service.name() + " does not come to work");
      }
    }
  }

  /** Starts a feed that reads its standard input. */
  DumeProcess feed(String name) {
    List<Object> feed = new ArrayList<>(material.feed(bootstrap));
    // However long the broker is away.
    for (String patience : List.of("delivery.timeout.ms", "max.block.ms")) {
      feed.add(1, "--kafka-config");
      feed.add(2, "producer.%s=1200000".formatted(patience));
    }
    feed.add("-");
    return DumeProcess.start(logs.resolve(name + ".log"), Map.of(), feed.toArray(Object[]::new));
  }

  String bootstrap() {
    return bootstrap;
  }

  Supervised broker() {
    return broker;
  }

  Supervised worker() {
    return worker;
  }

  Supervised accumulator() {
    return accumulator;
  }

  /** Where the accumulator that is struck has its stores. */
  Path state() {
    return state(ACCUMULATOR);
  }

  Supervised solver() {
    return solver;
  }

  /** All but the broker, whether they are there or not. */
  List<Supervised> services() {
    return List.of(worker, secondWorker, accumulator, secondAccumulator, solver);
  }

  Visitor visitingWorker() {
    return visitingWorker;
  }

  Visitor visitingAccumulator() {
    return visitingAccumulator;
  }

  /** Ends every process. */
  @Override
  public void close() {
    services().forEach(Supervised::close);
    broker.close();
    end.countDown();
  }
}
