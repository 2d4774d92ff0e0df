package io.dume.cli;

import io.dume.accumulator.Accumulator;
import io.dume.accumulator.AccumulatorConfig;
import io.dume.administration.CutRequests;
import io.dume.administration.Penalty;
import io.dume.embedded.EmbeddedBroker;
import io.dume.embedded.EmbeddedBrokerConfig;
import io.dume.extractor.ExtractorSnapshot;
import io.dume.extractor.FeatureExtractor;
import io.dume.extractor.FeatureExtractorConfig;
import io.dume.extractor.FitSettings;
import io.dume.extractor.FlushPolicy;
import io.dume.extractor.LoadedModel;
import io.dume.models.Device;
import io.dume.models.FeatureSource;
import io.dume.models.GramType;
import io.dume.models.MergedManifest;
import io.dume.router.RouterEvent;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.RouterVersion;
import io.dume.solver.Solver;
import io.dume.solver.SolverConfig;
import io.dume.topology.sequencer.CutPolicy;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.admin.Admin;

/**
 * Everything in this process: the embedded broker, feature extractors, an accumulator and a solver.
 * The classes and the settings are those of the separate services; embedded is a way to deploy
 * them.
 *
 * <p>Closing stops them in the order of the road, so that what was read is flushed and folded, and
 * the broker last.
 */
final class Installation implements AutoCloseable {

  /**
   * What to run, and how.
   *
   * @param broker the broker and its data directory, which holds the stores too
   * @param model a merged model
   * @param device where the model computes; asked once, on the thread that loads the model
   * @param features what a feature is
   * @param gramType the type of the Gram matrix's products
   * @param workers feature extractors, each with a copy of the model
   * @param topics names
   * @param partitions for topics that do not exist yet
   * @param settings any setting of Kafka's clients
   * @param fit the fit to join or create
   * @param flush when workers publish
   * @param cuts when versions are made
   * @param accumulator refines the accumulator
   * @param solver refines the solver
   */
  record Plan(
      EmbeddedBrokerConfig broker,
      Path model,
      Supplier<Device> device,
      FeatureSource features,
      GramType gramType,
      int workers,
      Topics topics,
      Topics.Partitions partitions,
      Map<String, String> settings,
      FitSettings fit,
      FlushPolicy flush,
      CutPolicy cuts,
      UnaryOperator<AccumulatorConfig> accumulator,
      UnaryOperator<SolverConfig> solver) {
    Plan {
      if (workers < 1) {
        throw new IllegalArgumentException("--workers %d: at least 1".formatted(workers));
      }
      settings = Map.copyOf(settings);
    }
  }

  private final Plan plan;
  private final Clock clock;
  private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final List<FeatureExtractor> workers = new ArrayList<>();
  private final KafkaSettings kafka;
  private Optional<Accumulator> accumulator = Optional.empty();

  /** For the thread that loads the model. */
  private Optional<Device> device = Optional.empty();

  private Installation(Plan plan, Clock clock, Console console) throws Exception {
    this.plan = plan;
    this.clock = clock;
    try {
      // A directory that is no model is better known before a broker leaves its files.
      MergedManifest.read(plan.model());
      // The model needs no broker, and the broker no model: they take the same seconds.
      Loading<LoadedModel> models = Loading.start("dume-models", plan.workers(), this::openModel);
      open.push(models::close);
      console.progress("starting the broker");
      EmbeddedBroker broker = EmbeddedBroker.start(plan.broker());
      open.push(broker);
      broker.failure().thenAccept(failure::complete);
      this.kafka = new KafkaSettings(broker.bootstrapServers(), plan.settings());
      try (Admin admin = Admin.create(kafka.admin())) {
        plan.topics().create(admin, plan.partitions(), kafka.topic());
      }
      startSolver();
      // It starts after the workers, which join meanwhile, but it stops after they have flushed.
      open.push(() -> accumulator.ifPresent(Accumulator::close));
      console.progress("loading the model");
      List<LoadedModel> opened = models.await();
      for (int i = 0; i < plan.workers(); i++) {
        startWorker("worker-" + i, opened.get(i));
      }
      console.progress("starting the accumulator");
      startAccumulator();
    } catch (Exception e) {
      close();
      throw e;
    }
  }

  /**
   * Starts everything.
   *
   * @throws IOException if the model can't be read
   * @throws Exception if a part can't start
   */
  static Installation start(Plan plan, Clock clock, Console console) throws Exception {
    return new Installation(plan, clock, console);
  }

  private void startSolver() {
    Solver solver =
        new Solver(
            plan.solver()
                .apply(
                    SolverConfig.defaults(kafka)
                        .withTopics(plan.topics())
                        .withRouter(plan.fit().router())
                        // The only one here: a restart takes over at once.
                        .withInstance("solver-0")
                        .withMixed(plan.fit().mixed())),
            clock);
    ServiceThread thread = ServiceThread.start("dume-solver", solver::run);
    thread.failure().thenAccept(failure::complete);
    open.push(
        () -> {
          solver.stop();
          thread.join();
        });
  }

  private void startAccumulator() throws InterruptedException {
    AccumulatorConfig config =
        plan.accumulator()
            .apply(
                AccumulatorConfig.defaults(
                        kafka,
                        plan.topics(),
                        plan.broker().dataDirectory().resolve("state"),
                        "accumulator-0")
                    .withPartitions(plan.partitions())
                    .withCuts(plan.cuts()));
    Accumulator started = Accumulator.start(config);
    accumulator = Optional.of(started);
    started.failure().thenAccept(failure::complete);
  }

  private LoadedModel openModel() throws IOException {
    if (device.isEmpty()) {
      device = Optional.of(plan.device().get());
    }
    return LoadedModel.open(plan.features(), plan.model(), device.get(), plan.gramType());
  }

  private void startWorker(String instance, LoadedModel model) {
    FeatureExtractor worker =
        new FeatureExtractor(
            FeatureExtractorConfig.defaults(kafka, instance, plan.fit())
                .withTopics(plan.topics(), plan.partitions())
                // A restart, even after kill -9, has its partitions back at once.
                .withStaticMembership(true)
                .withFlush(plan.flush()),
            model,
            clock);
    ServiceThread thread = ServiceThread.start("dume-" + instance, worker::run);
    thread.failure().thenAccept(failure::complete);
    workers.add(worker);
    open.push(
        () -> {
          worker.stop();
          thread.join();
        });
  }

  /** How to reach the broker. */
  KafkaSettings kafka() {
    return kafka;
  }

  Topics topics() {
    return plan.topics();
  }

  /** The router's name. */
  String router() {
    return plan.fit().router();
  }

  /**
   * Asks for a version of all that is there, and waits for it.
   *
   * @param stop ends the waiting; called several times a second, and may throw
   * @throws StoppedException if the waiting was ended
   * @throws IllegalStateException with the reason, if the cut was refused
   */
  RouterVersion version(BooleanSupplier stop) throws InterruptedException {
    RouterEvent answer =
        new CutRequests(kafka, topics(), router())
            .ask(Penalty.DEFAULT, stop)
            .orElseThrow(() -> new StoppedException("stopped before there was a version"));
    if (answer instanceof RouterEvent.Refused refused) {
      throw new IllegalStateException("no router: " + refused.refusal().getReason());
    }
    return ((RouterEvent.Published) answer).version();
  }

  /** Why workers have no more to do here, if so: the router was moved to a fit of another model. */
  Optional<String> retired() {
    return workers.stream().flatMap(worker -> worker.retired().stream()).findFirst();
  }

  /** Completes, with the reason, when one of the parts can't go on. */
  CompletableFuture<Throwable> failure() {
    return failure;
  }

  /**
   * Does nothing unless a part can't go on.
   *
   * @throws IllegalStateException with the reason
   */
  void requireWell() {
    if (failure.isDone()) {
      throw ServiceThread.failed(failure.join());
    }
  }

  /** What the workers have done since they started, summed. */
  ExtractorSnapshot snapshot() {
    return ExtractorSnapshot.sum(workers.stream().map(FeatureExtractor::snapshot).toList());
  }

  @Override
  public void close() {
    // Workers flush while they stop; all of them at once, since each may wait for a rebalance.
    workers.forEach(FeatureExtractor::stop);
    RuntimeException first = null;
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (Exception e) {
        if (first == null) {
          first = new IllegalStateException("closing failed: " + e.getMessage(), e);
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
