package io.dume.bench;

import io.dume.schemas.statistics.TileGrid;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What an installation needs for a workload: arithmetic over the shape of the statistics and
 * measured rates. An estimate of what one must provide, not a promise. Immutable.
 */
public final class Plan {

  private static final double DAY = 86_400;
  private static final double HOUR = 3_600;

  /** The partitions of partial-statistics that are created unless somebody says otherwise. */
  private static final int DEFAULT_PARTITIONS = 4;

  /** Write buffers of a partition's stores, three each: staging and A of 64 MiB, b of 4 MiB. */
  private static final long WRITE_BUFFERS = 3 * (64L + 64 + 4) << 20;

  private static final long BLOCK_CACHE = 64L << 20;

  private final Workload load;
  private final Rates rates;
  private final double layerBytes;
  private final double slotBytes;
  private final double pooledBytes;

  /**
   * A plan.
   *
   * @param load what is to be done
   * @param rates how fast the parts are
   */
  public Plan(Workload load, Rates rates) {
    this.load = load;
    this.rates = rates;
    this.layerBytes = new TileGrid(load.rows(), load.tile()).bytes();
    this.slotBytes = load.layers() * (layerBytes + targetBytes());
    this.pooledBytes = load.layers() * (layerBytes + load.domains() * targetBytes());
  }

  /**
   * One line of a plan.
   *
   * @param what is needed
   * @param value how much
   * @param unit B, B/s, s, tokens/s and the like; empty for a count
   * @param how it was computed
   */
  public record Line(String what, double value, String unit, String how) {}

  /**
   * All that is needed, in the order of the road of a token.
   *
   * @return lines whose later ones follow from earlier ones
   */
  public List<Line> lines() {
    List<Line> lines = new ArrayList<>();
    shape(lines);
    workers(lines);
    accumulators(lines);
    brokers(lines);
    version(lines);
    return List.copyOf(lines);
  }

  /**
   * What does not work out as it was asked for.
   *
   * @return sentences with a remedy each, none if all is well
   */
  public List<String> warnings() {
    List<String> warnings = new ArrayList<>();
    if (accumulators() > load.layers()) {
      warnings.add(
          "a layer is folded by one thread, so more than %d threads of accumulators have nothing to"
                  .formatted(load.layers())
              + " do: let workers flush every %s s or less often, or use fewer and faster workers"
                  .formatted(Figure.number(Math.ceil(flushed() / (load.layers() * fold())))));
    }
    if (seconds(load.flushInterval()) < flushInterval()) {
      warnings.add(
          "a flush of %s takes more than a tenth of %s s at %s, so workers stretch the interval to"
                  .formatted(
                      Quantity.of(flushBytes(), "B"),
                      Figure.number(seconds(load.flushInterval())),
                      Quantity.of(consume(), "B/s"))
              + " about %s s by themselves; that is what is computed with"
                  .formatted(Figure.number(flushInterval())));
    }
    if (versionSeconds() > seconds(load.cutInterval())) {
      warnings.add(
          "a version takes longer than the %s s between two cuts: the solver passes over cuts that a"
                  .formatted(Figure.number(seconds(load.cutInterval())))
              + " newer one overtakes; give it more cores, or cut less often");
    }
    return List.copyOf(warnings);
  }

  private void shape(List<Line> lines) {
    int side = new TileGrid(load.rows(), load.tile()).side();
    add(
        lines,
        "tiles of a layer",
        layerBytes,
        "B",
        "%d tiles of at most %d x %d int64: the upper triangle of n = d + 1 = %d",
        side * (side + 1) / 2,
        load.tile(),
        load.tile(),
        load.rows());
    add(
        lines,
        "statistics of a domain",
        slotBytes,
        "B",
        "%d layers x (tiles + b of n int64)",
        load.layers());
    add(
        lines,
        "a flush",
        flushBytes(),
        "B",
        "%d domains; a worker needs --flush-bytes of as much to hold them all",
        load.domains());
  }

  private void workers(List<Line> lines) {
    add(
        lines,
        "work for a token",
        flops(),
        "FLOP",
        load.parameters().isPresent()
            ? "2 x %s parameters + attention over %d positions + half a Gram matrix a layer"
                .formatted(Quantity.of(load.parameters().getAsLong(), ""), load.contextDim())
            : "2 x layers x (4 d² + 3 d x %d) without the last MLP + attention over %d positions + half a Gram matrix a layer"
                .formatted(load.feedForward(), load.contextDim()));
    add(
        lines,
        "tokens of a worker",
        workerTokens(),
        "tokens/s",
        "%s of one worker (%s) / work for a token",
        Quantity.of(rates.extraction().value(), "FLOP/s"),
        rates.extraction().origin());
    add(lines, "workers", workers(), "", "tokens a second / tokens of a worker, rounded up");
    add(
        lines,
        "sums of a worker",
        flushBytes(),
        "B",
        "a flush: the accumulators that it adds records to");
    add(
        lines,
        "matrices of a worker",
        16.0 * load.rows() * load.rows(),
        "B",
        "2 x 8 n²: the Gram matrix of a layer, on the device and in the heap");
  }

  private void accumulators(List<Line> lines) {
    add(
        lines,
        "bytes to fold",
        folded(),
        "B/s",
        "workers x a flush every %s s",
        Figure.number(flushInterval()));
    add(
        lines,
        "threads of accumulators",
        accumulators(),
        "",
        "bytes to fold / %s a thread (%s), rounded up",
        Quantity.of(fold(), "B/s"),
        rates.fold().origin());
    add(
        lines,
        "layers of a thread",
        layersOfThread(),
        "",
        "%d layers over at most as many threads, rounded up",
        load.layers());
    add(
        lines,
        "sums of a thread",
        sumsOfThread(),
        "B",
        "its layers x (tiles + b) x domains, on disk");
    add(
        lines,
        "staging of a thread",
        stagingOfThread(),
        "B",
        "its layers of a flush of every worker, which may all wait for their order, on disk");
    add(
        lines,
        "record cache of a thread",
        sumsOfThread() + stagingOfThread(),
        "B",
        "heap: sums and staging, which change between two commits; a smaller --fold-cache writes more"
            + " to the changelog");
    add(
        lines,
        "RocksDB of a thread",
        offHeap(),
        "B",
        "off the heap at most: write buffers of %d partitions, and a block cache of 64 MiB",
        partitionsOfThread());
    add(
        lines,
        "restore of a lost state",
        sumsOfThread() * rates.restore().value(),
        "s",
        "sums of a thread x %s s/GB (%s)",
        Figure.number(1e9 * rates.restore().value()),
        rates.restore().origin());
  }

  private void brokers(List<Line> lines) {
    int copies = load.replication();
    add(
        lines,
        "disk: token-batches",
        tokenBytes() * DAY * copies,
        "B/day",
        "%s bytes a token (zigzag varint of an id below %d) x %d copies; kept for good",
        Figure.number(bytesOfToken()),
        load.vocabulary(),
        copies);
    add(
        lines,
        "disk: partial-statistics",
        folded() * DAY * copies,
        "B",
        "bytes to fold x the day that they are kept x %d copies",
        copies);
    add(
        lines,
        "disk: changelogs",
        2 * load.domains() * slotBytes * copies,
        "B",
        "sums of all layers, twice until compaction has passed, x %d copies",
        copies);
    add(
        lines,
        "disk: layer-statistics",
        pooledBytes * Math.max(1, HOUR / seconds(load.cutInterval())) * copies,
        "B",
        "%s a cut, one every %s s, x the hour that they are kept x %d copies",
        Quantity.of(pooledBytes, "B"),
        Figure.number(seconds(load.cutInterval())),
        copies);
    add(
        lines,
        "disk: router-versions",
        routerBytes() * DAY / seconds(load.cutInterval()) * copies,
        "B/day",
        "layers x domains x n float32 = %s a version x %d copies; kept for good",
        Quantity.of(routerBytes(), "B"),
        copies);
    add(
        lines,
        "bandwidth into the brokers",
        written(),
        "B/s",
        "tokens %s + flushes %s + changelog %s (%s of what is folded, %s) + cuts %s",
        Quantity.of(tokenBytes(), "B/s"),
        Quantity.of(folded(), "B/s"),
        Quantity.of(rates.changelog().value() * folded(), "B/s"),
        Figure.number(rates.changelog().value()),
        rates.changelog().origin(),
        Quantity.of(cutBytes(), "B/s"));
    add(
        lines,
        "bandwidth between brokers",
        (copies - 1) * written(),
        "B/s",
        "the same to each of %d further copies",
        copies - 1);
    add(
        lines,
        "bandwidth out of the brokers",
        tokenBytes() + folded() + cutBytes(),
        "B/s",
        "tokens to workers + flushes to accumulators + cuts to one solver");
  }

  private void version(List<Line> lines) {
    add(
        lines,
        "pooling a cut",
        poolSeconds(),
        "s",
        "sums of a thread, read and added at the rate of the fold");
    add(
        lines,
        "reading a cut",
        readSeconds(),
        "s",
        "%s at %s (%s)",
        Quantity.of(pooledBytes, "B"),
        Quantity.of(consume(), "B/s"),
        rates.consume().origin());
    add(
        lines,
        "solving all layers",
        solveSeconds(),
        "s",
        "%d layers, %d at a time, x %s s at n = %d (%s) x (%d / %d)³",
        load.layers(),
        load.solverCores(),
        Figure.number(rates.solve().value()),
        rates.solveRows(),
        rates.solve().origin(),
        load.rows(),
        rates.solveRows());
    add(
        lines,
        "a version",
        versionSeconds(),
        "s",
        "pooling, reading and solving, as if nothing overlapped, + publishing %s",
        Quantity.of(routerBytes(), "B"));
  }

  private static void add(
      List<Line> lines, String what, double value, String unit, String how, Object... values) {
    lines.add(new Line(what, value, unit, values.length == 0 ? how : how.formatted(values)));
  }

  private double targetBytes() {
    return (double) Long.BYTES * load.rows();
  }

  private double flushBytes() {
    return load.domains() * slotBytes;
  }

  /** As the bench counts what an extraction can't do without. */
  private double flops() {
    double d = load.width();
    double n = load.rows();
    double layers = load.layers();
    double derived = layers * 4 * d * d + (layers - 1) * 3 * d * load.feedForward();
    double weights =
        load.parameters().isPresent() ? (double) load.parameters().getAsLong() : derived;
    return 2 * weights + layers * 2 * d * (load.contextDim() + 1.0) + layers * n * (n + 1);
  }

  private double workerTokens() {
    return rates.extraction().value() / flops();
  }

  private double workers() {
    return Math.ceil(load.tokensPerSecond() / workerTokens());
  }

  /** Bytes of a flush of every worker. */
  private double flushed() {
    return workers() * flushBytes();
  }

  private double folded() {
    return flushed() / flushInterval();
  }

  /** Workers see to it that flushing, here as fast as consuming, takes a tenth of the time. */
  private double flushInterval() {
    return Math.max(seconds(load.flushInterval()), 10 * flushBytes() / consume());
  }

  private double accumulators() {
    return Math.ceil(folded() / fold());
  }

  /** Those that have something to do. */
  private double busyThreads() {
    return Math.min(accumulators(), load.layers());
  }

  private double layersOfThread() {
    return Math.ceil(load.layers() / busyThreads());
  }

  private int partitionsOfThread() {
    return (int) Math.ceil(Math.max(DEFAULT_PARTITIONS, busyThreads()) / busyThreads());
  }

  private double sumsOfThread() {
    return flushBytes() * layersOfThread() / load.layers();
  }

  private double stagingOfThread() {
    return flushed() * layersOfThread() / load.layers();
  }

  private double offHeap() {
    return (double) partitionsOfThread() * WRITE_BUFFERS + BLOCK_CACHE;
  }

  /** Avro's int: seven bits a byte of twice the id, on average over the vocabulary. */
  private double bytesOfToken() {
    double bytes = 0;
    double below = load.vocabulary();
    for (double first = 0, end = 64; first < below; first = end, end *= 128) {
      // Ids from first on take one more byte than those before.
      bytes += below - first;
    }
    return bytes / below;
  }

  private double tokenBytes() {
    return load.tokensPerSecond() * bytesOfToken();
  }

  private double cutBytes() {
    return pooledBytes / seconds(load.cutInterval());
  }

  private double routerBytes() {
    return (double) Float.BYTES * load.layers() * load.domains() * load.rows();
  }

  private double written() {
    return tokenBytes() + folded() * (1 + rates.changelog().value()) + cutBytes();
  }

  private double poolSeconds() {
    return sumsOfThread() / fold();
  }

  private double readSeconds() {
    return pooledBytes / consume();
  }

  private double solveSeconds() {
    double scale = (double) load.rows() / rates.solveRows();
    double turns = Math.ceil((double) load.layers() / load.solverCores());
    return turns * rates.solve().value() * scale * scale * scale;
  }

  private double versionSeconds() {
    return poolSeconds() + readSeconds() + solveSeconds() + routerBytes() / consume();
  }

  private double fold() {
    return rates.fold().value();
  }

  private double consume() {
    return rates.consume().value();
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1e3;
  }
}
