package io.dume.bench;

import io.dume.demo.DemoAssets;
import io.dume.extractor.ExtractionModel;
import io.dume.extractor.MergedModelExtraction;
import io.dume.extractor.RecordFeatures;
import io.dume.feed.Feed;
import io.dume.feed.FeedConfig;
import io.dume.feed.FeedSource;
import io.dume.feed.ModelTextEncoder;
import io.dume.models.Device;
import io.dume.models.GramType;
import io.dume.router.Router;
import io.dume.router.RouterSubscription;
import io.dume.schemas.control.ControlLog;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.statistics.FixedPoint;
import io.dume.schemas.statistics.SymmetricSum;
import io.dume.schemas.statistics.TileGrid;
import io.dume.solver.LayerTiming;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;

/**
 * A document of the demo into {@code dume up}, and a cut on demand: from the moment the last token
 * batch is acknowledged to the version that counts it at a subscriber, against its forward pass,
 * its sums and the solve alone, in this process.
 */
final class FreshnessMeasurement implements Measurement {
  private static final String ROUTER = "default";
  private static final int CHARACTERS = 1500;
  private static final int TILE = 256;
  private static final FixedPoint FIXED = new FixedPoint(20);
  private static final Duration VERSION_WITHIN = Duration.ofSeconds(60);
  private static final Target MEDIAN = Target.aboveFloorAtMost(400);
  private static final Target P99 = Target.aboveFloorAtMost(1000);

  @Override
  public String name() {
    return "freshness";
  }

  @Override
  public String description() {
    return "from the last token batch to the version that counts it, above the work in it";
  }

  @Override
  public List<Figure> run(Bench bench) throws Exception {
    Path model = DemoModel.merge(bench.scratch());
    List<String> texts = texts(bench.either(8, 100));
    bench.progress().accept("freshness: forward, sums and solve alone");
    Samples floor = new Samples(floors(model, texts));
    bench.progress().accept("freshness: starting dume up");
    try (UpProcess up =
            new UpProcess(bench, bench.scratch().resolve("data"), DemoModel.arguments(model));
        ModelTextEncoder encoder = ModelTextEncoder.load(model);
        Rig rig = new Rig(up.kafka(), encoder)) {
      for (String domain : DemoAssets.DOMAINS) {
        rig.feed(domain, texts.get(0));
      }
      rig.version();
      int warmUps = bench.either(3, 20);
      for (int warmUp = 0; warmUp < warmUps; warmUp++) {
        rig.feed(DemoAssets.DOMAINS.get(warmUp % DemoAssets.DOMAINS.size()), texts.get(warmUp));
        rig.version();
      }
      List<Double> times = new ArrayList<>();
      for (int round = 0; round < texts.size(); round++) {
        bench.progress().accept("freshness: %d of %d".formatted(round + 1, texts.size()));
        rig.feed(DemoAssets.DOMAINS.get(round % DemoAssets.DOMAINS.size()), texts.get(round));
        times.add(rig.version());
      }
      Samples samples = new Samples(times.stream().mapToDouble(Double::doubleValue).toArray());
      return List.of(
          figure("median", samples, samples.median(), floor, MEDIAN),
          figure("p99", samples, samples.quantile(0.99), floor, P99));
    }
  }

  private static Figure figure(
      String which, Samples samples, double value, Samples floor, Target target) {
    return new Figure(
        "freshness, %s of %d".formatted(which, samples.sorted().length),
        "ms",
        value,
        samples.spread(),
        OptionalDouble.of(floor.median()),
        OptionalDouble.of(value / floor.median()),
        Optional.of(target));
  }

  /** Texts of one length, each a document of its own. */
  private static List<String> texts(int count) throws IOException {
    try (Stream<DemoAssets.Document> documents =
        DemoAssets.documents(DemoAssets.DOMAINS.get(0), DemoAssets.Split.TRAIN)) {
      List<String> texts =
          documents
              .map(DemoAssets.Document::text)
              .filter(text -> text.length() >= CHARACTERS)
              .limit(count)
              .map(text -> text.substring(0, CHARACTERS))
              .toList();
      return IntStream.range(0, count).mapToObj(i -> texts.get(i % texts.size())).toList();
    }
  }

  /** Milliseconds of forward, sums and solve of each text. */
  private static double[] floors(Path directory, List<String> texts) throws IOException {
    try (MergedModelExtraction model =
            MergedModelExtraction.open(directory, Device.CPU, GramType.FLOAT64);
        ModelTextEncoder encoder = ModelTextEncoder.load(directory)) {
      ExtractionModel.Identity identity = model.identity();
      int n = identity.width() + 1;
      List<SymmetricSum> sums = new ArrayList<>();
      for (int layer = 0; layer < identity.layers(); layer++) {
        sums.add(new SymmetricSum(new TileGrid(n, TILE), FIXED));
      }
      double[] gram = new double[n * n];
      double[] times = new double[texts.size()];
      try (LayerTiming solve = new LayerTiming(n, DemoAssets.DOMAINS.size(), 1)) {
        int warmUps = 10;
        for (int round = -warmUps; round < times.length; round++) {
          List<int[]> sequences = sequences(encoder.encode(texts.get(Math.max(0, round))));
          long begin = System.nanoTime();
          try (RecordFeatures features =
              model.extract(identity.experts().get(0).getName(), sequences)) {
            for (int layer = 0; layer < identity.layers(); layer++) {
              features.gram(layer, gram);
              sums.get(layer).add(gram);
            }
          }
          double solved = 0;
          final double extracted = (System.nanoTime() - begin) / 1e6;
          for (int layer = 0; layer < identity.layers(); layer++) {
            solved += 1e3 * solve.solve();
          }
          if (round >= 0) {
            times[round] = extracted + solved;
          }
        }
      }
      return times;
    }
  }

  private static List<int[]> sequences(int[] tokens) {
    List<int[]> sequences = new ArrayList<>();
    for (int from = 0; from < tokens.length; from += DemoAssets.CONTEXT_DIM) {
      int to = Math.min(tokens.length, from + DemoAssets.CONTEXT_DIM);
      sequences.add(Arrays.copyOfRange(tokens, from, to));
    }
    return sequences;
  }

  /** What feeds, asks and listens; all of it connected before a clock runs. */
  private static final class Rig implements AutoCloseable {
    private final Feed feed;
    private final Admin admin;
    private final ControlLog control;
    private final RouterSubscription versions;
    private final List<TopicPartition> partitions = new ArrayList<>();
    private List<PartitionOffset> ends = List.of();
    private long acknowledged;
    private int fed;

    Rig(KafkaSettings kafka, ModelTextEncoder encoder) throws InterruptedException {
      this.feed =
          new Feed(
              FeedConfig.defaults(kafka, DemoAssets.CONTEXT_DIM),
              encoder,
              new HashSet<>(DemoAssets.DOMAINS),
              progress -> {},
              Clock.systemUTC());
      this.admin = Admin.create(kafka.admin());
      this.control = new ControlLog(kafka, Topics.DEFAULT);
      this.versions = RouterSubscription.open(kafka, Topics.DEFAULT, ROUTER);
      int count = Topics.partitions(admin, Topics.DEFAULT.tokenBatches()).orElseThrow();
      for (int partition = 0; partition < count; partition++) {
        partitions.add(new TopicPartition(Topics.DEFAULT.tokenBatches(), partition));
      }
    }

    /** Sends a document; the clock runs from its acknowledgement. */
    void feed(String domain, String text) throws Exception {
      // A document's id is the hash of its text, and what came before is not counted again.
      String unlike = fed++ + " " + text;
      feed.send(
          List.of(
              new FeedSource.TextStream(
                  domain,
                  new ByteArrayInputStream(unlike.getBytes(StandardCharsets.UTF_8)),
                  FeedSource.Split.WHOLE)));
      acknowledged = System.nanoTime();
      Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
      partitions.forEach(partition -> latest.put(partition, OffsetSpec.latest()));
      Map<TopicPartition, ListOffsetsResultInfo> offsets = admin.listOffsets(latest).all().get();
      ends =
          partitions.stream()
              .map(p -> new PartitionOffset(p.partition(), offsets.get(p).offset()))
              .toList();
    }

    /** Milliseconds from the last acknowledgement until the version that was asked for is here. */
    double version() throws InterruptedException {
      String request = UUID.randomUUID().toString();
      if (!control.append(new CutRequested(ROUTER, request, ends, null, false))) {
        throw new IllegalStateException("the request for a version was not taken");
      }
      long deadline = System.nanoTime() + VERSION_WITHIN.toNanos();
      while (System.nanoTime() < deadline) {
        Optional<Router> version = versions.next(Duration.ofSeconds(1));
        if (version.isPresent() && version.get().description().getRequests().contains(request)) {
          return (System.nanoTime() - acknowledged) / 1e6;
        }
      }
      throw new IllegalStateException("no version came within " + VERSION_WITHIN);
    }

    @Override
    public void close() {
      feed.close();
      control.close();
      versions.close();
      admin.close();
    }
  }
}
