package io.dume.bench;

import io.dume.extractor.FlushOutput;
import io.dume.extractor.MergedModelExtraction;
import io.dume.models.Device;
import io.dume.models.GramType;
import io.dume.schemas.message.StatisticsKind;
import io.dume.schemas.message.StatisticsTile;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.statistics.FixedPoint;
import io.dume.schemas.statistics.LayerMatrix;
import io.dume.schemas.statistics.TileGrid;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.openblas.global.openblas_full;

/**
 * Tokens a second of a whole installation with one worker, from the sending of the first record to
 * the version that counts them all, against the same loop in one thread without Kafka: every record
 * forward, Gram and sum, and one solve. The end that nothing overlaps (last flush, fold, cut,
 * solve, publication) is in the figure.
 *
 * <p>The model is random, of a middle size, so that the forward pass is most of the work as it is
 * for users; libtorch has one thread, and the rest of the machine is the services'.
 */
final class PipelineMeasurement implements Measurement {
  private static final RandomLlama MODEL = new RandomLlama(512, 8, 8, 1376, 8000, 512);
  private static final int[] LENGTHS = {256, 256, 256, 256};

  private int part;

  @Override
  public String name() {
    return "pipeline";
  }

  @Override
  public String description() {
    return "token batches to a router version, one worker, against the same loop without Kafka";
  }

  @Override
  public List<Figure> run(Bench bench) throws Exception {
    bench.progress().accept("pipeline: making a random model of d = 512");
    Path merged = MODEL.merge(bench.scratch());
    try (MergedModelExtraction model =
        MergedModelExtraction.open(merged, Device.CPU, GramType.FLOAT64)) {
      return ComputeThreads.one(() -> measure(bench, model));
    }
  }

  private List<Figure> measure(Bench bench, MergedModelExtraction model) throws Exception {
    LocalWorker worker = new LocalWorker(model);
    int records = bench.either(10, 30);
    try (LocalInstallation installation =
        LocalInstallation.start(bench.scratch().resolve("broker"), model, MODEL.positions())) {
      bench.progress().accept("pipeline: %d records a round".formatted(records));
      // Whoever joins, joins before the clock runs.
      installation.version(batches(1));
      Rounds rounds =
          Rounds.alternate(
              bench.either(0, 1),
              bench.either(1, 4),
              () -> rate(records, installation::version),
              () -> rate(records, batches -> loop(worker, batches)));
      Figure figure =
          Figure.against(
              "pipeline, one worker, d = %d, %d layers".formatted(MODEL.hidden(), MODEL.layers()),
              "tokens/s",
              rounds);
      // In a short round its end, the flush, the cut and the solve behind the last record, weighs
      // more.
      return List.of(bench.quick() ? figure : figure.toReach(Target.ratioAtLeast(0.95)));
    }
  }

  /** What makes a router of records. */
  @FunctionalInterface
  private interface Work {
    void run(List<TokenBatch> batches) throws Exception;
  }

  private double rate(int records, Work work) throws Exception {
    List<TokenBatch> batches = batches(records);
    long start = System.nanoTime();
    work.run(batches);
    double seconds = (System.nanoTime() - start) / 1e9;
    return (double) records * Arrays.stream(LENGTHS).sum() / seconds;
  }

  private List<TokenBatch> batches(int records) {
    return IntStream.range(0, records)
        .mapToObj(i -> LocalWorker.record(part++, MODEL.vocabulary(), LENGTHS))
        .toList();
  }

  private static void loop(LocalWorker worker, List<TokenBatch> batches) {
    batches.forEach(worker::take);
    int n = MODEL.hidden() + 1;
    TileGrid grid = new TileGrid(n, LocalWorker.TILE);
    FixedPoint fixedPoint = new FixedPoint(LocalWorker.FRACTION_BITS);
    List<double[]> matrices = new ArrayList<>();
    IntStream.range(0, MODEL.layers()).forEach(layer -> matrices.add(new double[n * n]));
    worker.flush(
        output -> {
          if (output instanceof FlushOutput.Tile tile
              && tile.tile().getKind() == StatisticsKind.GRAM) {
            put(grid, fixedPoint, tile.tile(), matrices.get(tile.tile().getLayer()));
          }
        });
    matrices.forEach(matrix -> solve(matrix, n));
  }

  private static void put(
      TileGrid grid, FixedPoint fixedPoint, StatisticsTile tile, double[] matrix) {
    LayerMatrix.put(
        grid, fixedPoint, tile.getRow(), tile.getCol(), tile.getValues().array(), matrix);
  }

  private static void solve(double[] a, int n) {
    double[] b = new double[n];
    double trace = 0;
    for (int i = 0; i < n; i++) {
      b[i] = a[i * n + n - 1];
      trace += a[i * n + i];
    }
    for (int i = 0; i < n; i++) {
      a[i * n + i] += 0.01 * trace / n;
    }
    int factored =
        openblas_full.LAPACKE_dpotrf(openblas_full.LAPACK_COL_MAJOR, (byte) 'L', n, a, n);
    int solved =
        openblas_full.LAPACKE_dpotrs(openblas_full.LAPACK_COL_MAJOR, (byte) 'L', n, 1, a, n, b, n);
    if (factored != 0 || solved != 0) {
      throw new IllegalStateException("LAPACK: %d, %d".formatted(factored, solved));
    }
  }
}
