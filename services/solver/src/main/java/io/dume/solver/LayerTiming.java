package io.dume.solver;

import io.dume.schemas.message.Cut;
import io.dume.schemas.message.CutRange;
import io.dume.schemas.message.CutSlot;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.LayerComplete;
import io.dume.schemas.message.LayerTargets;
import io.dume.schemas.message.LayerTile;
import io.dume.schemas.statistics.FixedPoint;
import io.dume.schemas.statistics.TileGrid;
import io.dume.schemas.statistics.Tiles;
import io.dume.schemas.wire.Ids;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.openblas.global.openblas_full;

/**
 * How long it takes to solve one layer from its messages, and how long the LAPACK calls in it take
 * when nothing else is to be done: for benchmarks. The statistics are made up: A is random and
 * diagonally dominant. One thread, with OpenBLAS. Not thread-safe.
 */
public final class LayerTiming implements AutoCloseable {
  private static final FixedPoint FIXED = new FixedPoint(20);
  private static final int TILE = 256;
  private static final double LAMBDA = 0.01;

  private final int n;
  private final int experts;
  private final List<LayerTile> tiles = new ArrayList<>();
  private final LayerTargets targets;
  private final LayerSolver solver = new LayerSolver(new OpenBlasFactorisation());
  private final DoublePointer ready;
  private final DoublePointer factor;
  private final DoublePointer solution;
  private final double[] b;

  /**
   * Makes the statistics of a layer up.
   *
   * @param n d + 1
   * @param experts columns of b
   * @param seed decides the numbers
   */
  public LayerTiming(int n, int experts, long seed) {
    this.n = n;
    this.experts = experts;
    TileGrid grid = new TileGrid(n, TILE);
    Random random = new Random(seed);
    byte[] b0 = new byte[n * experts * Long.BYTES];
    Id fit = new Id(new byte[16]);
    for (TileGrid.Tile tile : grid.all()) {
      byte[] values = values(grid, tile, random);
      if (tile.col() == grid.side() - 1) {
        split(grid, tile.row(), values, b0);
      }
      tiles.add(new LayerTile(0L, fit, 0, tile.row(), tile.col(), ByteBuffer.wrap(values), false));
    }
    this.targets = new LayerTargets(0L, fit, 0, experts, ByteBuffer.wrap(b0), false);
    this.ready = new DoublePointer((long) n * n);
    this.factor = new DoublePointer((long) n * n);
    this.solution = new DoublePointer((long) n * experts);
    this.b = new double[n * experts];
    fillReady(grid);
  }

  private byte[] values(TileGrid grid, TileGrid.Tile tile, Random random) {
    int rows = grid.extent(tile.row());
    int cols = grid.extent(tile.col());
    byte[] values = new byte[grid.bytes(tile.row(), tile.col())];
    for (int r = 0; r < rows; r++) {
      for (int c = tile.row() == tile.col() ? r : 0; c < cols; c++) {
        int i = tile.row() * TILE + r;
        int j = tile.col() * TILE + c;
        long value = FIXED.toFixed(2 * random.nextDouble() - 1);
        if (i == j) {
          value = i == n - 1 ? FIXED.ofCount(tokens() * experts) : FIXED.ofCount(2L * n);
        }
        Tiles.set(values, r * cols + c, value);
        if (tile.row() == tile.col()) {
          Tiles.set(values, c * cols + r, value);
        }
      }
    }
    return values;
  }

  private long tokens() {
    return 2L * n;
  }

  /** Parts the last column of A among the experts, so that their columns add up to it. */
  private void split(TileGrid grid, int row, byte[] values, byte[] b0) {
    int cols = grid.extent(grid.side() - 1);
    for (int r = 0; r < grid.extent(row); r++) {
      int i = row * TILE + r;
      long whole = Tiles.get(values, r * cols + cols - 1);
      for (int j = 0; j < experts; j++) {
        long part = j == 0 ? whole - whole / experts * (experts - 1) : whole / experts;
        Tiles.set(b0, i * experts + j, i == n - 1 ? FIXED.ofCount(tokens()) : part);
      }
    }
  }

  private void fillReady(TileGrid grid) {
    for (LayerTile tile : tiles) {
      byte[] values = tile.getValues().array();
      int cols = grid.extent(tile.getCol());
      double[] row = new double[cols];
      for (int r = 0; r < grid.extent(tile.getRow()); r++) {
        for (int c = 0; c < cols; c++) {
          row[c] = FIXED.toDouble(Tiles.get(values, r * cols + c));
        }
        long i = (long) tile.getRow() * TILE + r;
        ready.position(i * n + (long) tile.getCol() * TILE).put(row, 0, cols);
      }
    }
    ready.position(0);
    for (int j = 0; j < experts; j++) {
      for (int i = 0; i < n; i++) {
        b[j * n + i] = FIXED.toDouble(Tiles.get(targets.getValues().array(), i * experts + j));
      }
    }
  }

  /**
   * Solves the layer as a solver does: from the decoded messages to its gate.
   *
   * @return seconds
   */
  public double solve() {
    long begin = System.nanoTime();
    try {
      LayerAssembly<LayerSolver> assembly = new LayerAssembly<>(shape(), 0, solver, false);
      for (LayerTile tile : tiles) {
        assembly.add(tile);
      }
      assembly.add(targets);
      FoldedLayer<LayerSolver> layer =
          assembly.complete(new LayerComplete(0L, targets.getFit(), 0, tiles.size(), 0));
      solver.solve(layer.training(), LAMBDA);
    } catch (UnsolvableException e) {
      throw new IllegalStateException("made-up statistics can't be solved: " + e.getMessage(), e);
    }
    return (System.nanoTime() - begin) / 1e9;
  }

  /**
   * Calls dpotrf and dpotrs on a matrix and right-hand sides that lie ready.
   *
   * @return seconds
   */
  public double factorise() {
    DoublePointer.memcpy(factor, ready, (long) n * n * Double.BYTES);
    solution.put(b, 0, b.length);
    byte lower = 'L';
    int order = openblas_full.LAPACK_COL_MAJOR;
    long begin = System.nanoTime();
    int info = openblas_full.LAPACKE_dpotrf_work(order, lower, n, factor, n);
    if (info == 0) {
      info = openblas_full.LAPACKE_dpotrs_work(order, lower, n, experts, factor, n, solution, n);
    }
    double seconds = (System.nanoTime() - begin) / 1e9;
    if (info != 0) {
      throw new IllegalStateException("LAPACK answers " + info);
    }
    return seconds;
  }

  private CutShape shape() {
    long[] each = new long[experts];
    Arrays.fill(each, tokens());
    return new CutShape(new TileGrid(n, TILE), FIXED, 1, experts, each, Optional.empty());
  }

  /**
   * The messages of the layer, as the fold sends them.
   *
   * @param fit the fit that they belong to
   * @param cut the cut's number
   * @param layer the layer
   * @return tiles, b and the end
   */
  public List<SpecificRecord> messages(Id fit, long cut, int layer) {
    List<SpecificRecord> messages = new ArrayList<>();
    for (LayerTile tile : tiles) {
      messages.add(
          new LayerTile(
              cut, fit, layer, tile.getRow(), tile.getCol(), tile.getValues().duplicate(), false));
    }
    messages.add(
        new LayerTargets(cut, fit, layer, experts, targets.getValues().duplicate(), false));
    messages.add(new LayerComplete(cut, fit, layer, tiles.size(), 0));
    return messages;
  }

  /**
   * The cut that layers of these statistics make.
   *
   * @param router the router's name
   * @param fit the fit
   * @param number the cut's number
   * @param layers how many layers
   * @param partitions of layer-statistics
   * @return a cut that nobody asked for
   */
  public Cut cut(String router, Id fit, long number, int layers, int partitions) {
    List<String> names = IntStream.range(0, experts).mapToObj(i -> "expert-" + i).toList();
    return Cut.newBuilder()
        .setCut(number)
        .setRouter(router)
        .setFit(fit)
        .setRequests(List.of())
        .setLambda(LAMBDA)
        .setReason("tokens")
        .setSequence(number)
        .setLayers(layers)
        .setWidth(n - 1)
        .setTileSize(TILE)
        .setFractionBits(FIXED.fractionBits())
        .setStatisticsPartitions(partitions)
        .setExpertsVersion(1)
        .setExperts(names.stream().map(name -> new Expert(name, "mlp-of-" + name)).toList())
        .setSlots(
            IntStream.range(0, experts)
                .mapToObj(
                    i ->
                        new CutSlot(
                            Ids.ofSlot(names.get(i), "mlp-of-" + names.get(i), false),
                            names.get(i),
                            i,
                            tokens(),
                            tokens()))
                .toList())
        .setHeldOut(List.of())
        .setRanges(List.of(new CutRange(0, 0L, number)))
        .setSetAside(0)
        .setCutAt(Instant.EPOCH)
        .build();
  }

  @Override
  public void close() {
    solver.close();
    ready.close();
    factor.close();
    solution.close();
  }
}
