package io.dume.bench;

import io.dume.schemas.message.CoveredRange;
import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.ExpectedTile;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.ExtractionProfile;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.LargestDiagonal;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.message.SlotCount;
import io.dume.schemas.message.StatisticsKind;
import io.dume.schemas.message.StatisticsTile;
import io.dume.schemas.statistics.FixedPoint;
import io.dume.schemas.statistics.SymmetricSum;
import io.dume.schemas.statistics.TileGrid;
import io.dume.schemas.statistics.Tiles;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.StatisticsKey;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;

/**
 * The flushes of a worker that needs no model, in the messages that a worker sends: a sum over
 * features drawn at random, the same one for each layer, domain and flush, since nobody who folds
 * looks at more than its size and its digest. So a flush is made as fast as it is sent. Not
 * thread-safe.
 */
final class SyntheticFlushes {
  private static final int TOKENS = 4;

  private static final int TILE_SIZE = 256;
  private static final int FRACTION_BITS = 20;
  private static final int EXPERTS_VERSION = 1;

  private final Fit fit;
  private final String router;
  private final List<String> domains;
  private final Random random;
  private final List<Values> values = new ArrayList<>();
  private final long largestDiagonal;
  private long flushes;

  /**
   * A tile and where it goes.
   *
   * @param partition of partial-statistics
   * @param key of the message
   * @param message the tile
   */
  record Tile(int partition, byte[] key, StatisticsTile message) {}

  /** What a tile of any layer holds. */
  private record Values(StatisticsKind kind, int row, int col, byte[] bytes, long digest) {
    static Values of(StatisticsKind kind, int row, int col, byte[] bytes) {
      return new Values(kind, row, col, bytes, Tiles.digest(bytes));
    }
  }

  private SyntheticFlushes(Fit fit, String router, int domains, long seed) {
    this.fit = fit;
    this.router = router;
    this.domains = IntStream.range(0, domains).mapToObj(d -> "domain-" + d).toList();
    this.random = new Random(seed);
    SymmetricSum sum = new SymmetricSum(grid(), new FixedPoint(FRACTION_BITS));
    sum.add(gram());
    for (TileGrid.Tile tile : grid().all()) {
      values.add(
          Values.of(StatisticsKind.GRAM, tile.row(), tile.col(), sum.tile(tile.row(), tile.col())));
    }
    values.add(Values.of(StatisticsKind.TARGET, 0, 0, sum.target()));
    this.largestDiagonal = sum.largestDiagonal();
  }

  /**
   * Flushes of a fit of its own.
   *
   * @param router the router that the fit serves, unique in an installation
   * @param width d, the hidden size
   * @param layers layers
   * @param domains domains, each with an expert of its own
   * @param partitions of partial-statistics
   * @return the first flush is the next
   */
  static SyntheticFlushes of(String router, int width, int layers, int domains, int partitions) {
    Fit draft = fit(new Id(new byte[Ids.BYTES]), router, width, layers, partitions);
    Fit fit = fit(Ids.ofFit(draft), router, width, layers, partitions);
    return new SyntheticFlushes(fit, router, domains, router.hashCode());
  }

  private static Fit fit(Id id, String label, int width, int layers, int partitions) {
    return new Fit(
        id,
        "random features",
        "mlp-input",
        64,
        FRACTION_BITS,
        TILE_SIZE,
        new ExtractionProfile("cpu", "none", "none", "float64"),
        label,
        layers,
        width,
        1000,
        512,
        8192,
        "",
        partitions,
        List.of(new PartitionOffset(0, 0L)));
  }

  Fit fit() {
    return fit;
  }

  /** What the control log says before the first flush. */
  List<SpecificRecord> control() {
    return List.of(
        new FitCreated(router, fit, Instant.EPOCH, false),
        new ExpertsChanged(
            router,
            EXPERTS_VERSION,
            domains.stream().map(d -> new Expert(d, mlp(d))).toList(),
            domains.stream().map(d -> new DomainExpert(d, d)).toList(),
            fit.getId(),
            List.of()));
  }

  private static String mlp(String domain) {
    return "mlp-of-" + domain;
  }

  /** The position in token-batches, of which there is one partition, that all flushes reach. */
  long position() {
    return flushes;
  }

  /** Messages of a flush, beside its manifest. */
  int tiles() {
    return values.size() * fit.getLayers() * domains.size();
  }

  /** Bytes of the values of a flush. */
  long bytes() {
    TileGrid grid = grid();
    long perLayer = grid.bytes() + (long) grid.size() * Long.BYTES;
    return perLayer * fit.getLayers() * domains.size();
  }

  private TileGrid grid() {
    return new TileGrid(fit.getWidth() + 1, TILE_SIZE);
  }

  /**
   * The next flush: one record of each domain.
   *
   * @param sink takes the tiles, one after the other
   * @return the manifest, to be sent after them in the same transaction
   */
  FlushManifest next(Consumer<Tile> sink) {
    byte[] name = new byte[Ids.BYTES];
    random.nextBytes(name);
    Id flush = new Id(name);
    List<SlotCount> slots = new ArrayList<>();
    List<ExpectedTile> expected = new ArrayList<>();
    List<LargestDiagonal> diagonals = new ArrayList<>();
    for (String domain : domains) {
      Id slot = Ids.ofSlot(domain, mlp(domain), false);
      int index = slots.size();
      slots.add(new SlotCount(slot, domain, mlp(domain), false, (long) TOKENS, 1L, 1));
      for (int layer = 0; layer < fit.getLayers(); layer++) {
        for (Values each : values) {
          ExpectedTile tile =
              new ExpectedTile(layer, index, each.kind(), each.row(), each.col(), each.digest());
          expected.add(tile);
          sink.accept(message(flush, slot, tile, each.bytes()));
        }
        diagonals.add(new LargestDiagonal(layer, index, largestDiagonal));
      }
    }
    CoveredRange range =
        new CoveredRange(0, flushes, flushes + domains.size(), List.of(), List.of(), 0L);
    flushes += domains.size();
    return new FlushManifest(
        flush,
        fit.getId(),
        "bench",
        List.of(range),
        slots,
        expected,
        diagonals,
        Instant.EPOCH,
        EXPERTS_VERSION);
  }

  private Tile message(Id flush, Id slot, ExpectedTile tile, byte[] values) {
    StatisticsTile message =
        new StatisticsTile(
            flush,
            fit.getId(),
            tile.getLayer(),
            slot,
            tile.getKind(),
            tile.getRow(),
            tile.getCol(),
            tile.getDigest(),
            ByteBuffer.wrap(values));
    byte[] key =
        StatisticsKey.staged(
            flush,
            tile.getLayer(),
            slot,
            tile.getKind(),
            tile.getRow(),
            tile.getCol(),
            tile.getDigest());
    int partition = Ids.partition(fit.getId(), tile.getLayer(), fit.getStatisticsPartitions());
    return new Tile(partition, key, message);
  }

  private double[] gram() {
    int n = fit.getWidth() + 1;
    double[] gram = new double[n * n];
    double[] x = new double[n];
    for (int t = 0; t < TOKENS; t++) {
      for (int i = 0; i < n - 1; i++) {
        x[i] = random.nextDouble() * 2 - 1;
      }
      x[n - 1] = 1;
      for (int i = 0; i < n; i++) {
        for (int j = i; j < n; j++) {
          gram[i * n + j] += x[i] * x[j];
        }
      }
    }
    return gram;
  }
}
