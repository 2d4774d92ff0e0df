package io.dume.bench;

import io.dume.router.RouterSubscription;
import io.dume.schemas.control.ControlLog;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.ExtractionProfile;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.Wire;
import io.dume.solver.FactorisationChoice;
import io.dume.solver.LayerTiming;
import io.dume.solver.Solver;
import io.dume.solver.SolverConfig;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** A fit with made-up statistics, and a solver for it. */
final class VersionInstallation implements AutoCloseable {
  private static final String ROUTER = "bench";
  private static final int EXPERTS = 5;
  private static final int PARTITIONS = 6;
  private static final int TILE = 256;
  private static final int FRACTION_BITS = 20;
  private static final Duration VERSION_WITHIN = Duration.ofMinutes(5);

  private final int cores = Runtime.getRuntime().availableProcessors();
  private final KafkaSettings kafka;
  private final int layers;
  private final Fit fit;
  private final KafkaProducer<byte[], byte[]> producer;
  private final List<LayerTiming> timings = new ArrayList<>();
  private final ExecutorService pool = Executors.newFixedThreadPool(cores + 1);
  private final Solver solver;
  private final Future<?> solving;
  private final RouterSubscription versions;
  private long cuts;

  VersionInstallation(KafkaSettings kafka, int n, int layers) throws InterruptedException {
    this.kafka = kafka;
    this.layers = layers;
    this.fit = fit(n, layers);
    for (int core = 0; core < cores; core++) {
      timings.add(new LayerTiming(n, EXPERTS, core));
    }
    try (Admin admin = Admin.create(kafka.admin())) {
      Topics.DEFAULT.create(admin, new Topics.Partitions(1, PARTITIONS), Map.of());
    }
    create();
    this.producer =
        new KafkaProducer<>(
            kafka.producer(Map.of("max.request.size", Integer.toString(Topics.MAX_MESSAGE_BYTES))),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    this.versions = RouterSubscription.open(kafka, Topics.DEFAULT, ROUTER);
    this.solver =
        new Solver(
            SolverConfig.defaults(kafka)
                .withRouter(ROUTER)
                .withThreads(cores)
                .withFactorisation(FactorisationChoice.OPENBLAS),
            Clock.systemUTC());
    this.solving = pool.submit(solver::run);
  }

  private static Fit fit(int n, int layers) {
    Fit fit =
        new Fit(
            Ids.random(),
            "backbone",
            "mlp-input",
            16,
            FRACTION_BITS,
            TILE,
            new ExtractionProfile("cpu", "none", "none", "float64"),
            "bench",
            layers,
            n - 1,
            256,
            128,
            1024,
            "",
            PARTITIONS,
            List.of(new PartitionOffset(0, 0L)));
    return Fit.newBuilder(fit).setId(Ids.ofFit(fit)).build();
  }

  private void create() throws InterruptedException {
    Cut like = timings.get(0).cut(ROUTER, fit.getId(), 1, layers, PARTITIONS);
    List<DomainExpert> domains =
        like.getExperts().stream()
            .map(Expert::getName)
            .map(name -> new DomainExpert(name, name))
            .toList();
    try (ControlLog control = new ControlLog(kafka, Topics.DEFAULT)) {
      control.append(new FitCreated(ROUTER, fit, Instant.EPOCH, false));
      control.append(
          new ExpertsChanged(ROUTER, 1, like.getExperts(), domains, fit.getId(), List.of()));
    }
  }

  /** Sends the statistics of another cut, all layers of them. */
  void fold() {
    cuts++;
    for (int layer = 0; layer < layers; layer++) {
      LayerTiming made = timings.get(layer % cores);
      int partition = Ids.partition(fit.getId(), layer, PARTITIONS);
      for (SpecificRecord message : made.messages(fit.getId(), cuts, layer)) {
        producer.send(
            new ProducerRecord<>(
                Topics.DEFAULT.layerStatistics(), partition, null, Wire.encode(message)));
      }
    }
    producer.flush();
  }

  /** Seconds from the cut whose statistics were sent to its version at a subscriber. */
  double version() throws Exception {
    Cut cut = timings.get(0).cut(ROUTER, fit.getId(), cuts, layers, PARTITIONS);
    final byte[] message = Wire.encode(cut);
    long begin = System.nanoTime();
    producer.send(new ProducerRecord<>(Topics.DEFAULT.cuts(), 0, null, message));
    producer.flush();
    if (versions.next(VERSION_WITHIN).isEmpty()) {
      if (solving.isDone()) {
        solving.get();
      }
      throw new IllegalStateException("no version came within " + VERSION_WITHIN);
    }
    return (System.nanoTime() - begin) / 1e9;
  }

  /** The sum of the direct calls / cores, in seconds, taken while all cores do the same. */
  double direct() throws Exception {
    List<Future<Double>> running = new ArrayList<>();
    for (int core = 0; core < cores; core++) {
      int first = core;
      running.add(
          pool.submit(
              () -> {
                double seconds = 0;
                for (int layer = first; layer < layers; layer += cores) {
                  seconds += timings.get(first).factorise();
                }
                return seconds;
              }));
    }
    double sum = 0;
    for (Future<Double> seconds : running) {
      sum += seconds.get();
    }
    return sum / cores;
  }

  @Override
  public void close() {
    solver.close();
    pool.shutdown();
    versions.close();
    producer.close();
    timings.forEach(LayerTiming::close);
  }
}
