package io.dume.bench.kernels;

import io.dume.schemas.statistics.FixedPoint;
import io.dume.schemas.statistics.LayerMatrix;
import io.dume.schemas.statistics.SymmetricSum;
import io.dume.schemas.statistics.TileGrid;
import io.dume.schemas.statistics.Tiles;
import java.util.Random;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Between a matrix of floating point and its tiles, d = 768. */
@State(Scope.Thread)
public class MatrixKernels {
  /** Rows of the matrix: d + 1. */
  public static final int N = 769;

  /** Values of the upper triangle. */
  public static final int TRIANGLE = N * (N + 1) / 2;

  /** Values of the tile that {@link #assemble} takes. */
  public static final int TILE = 256 * 256;

  private final TileGrid grid = new TileGrid(N, 256);
  private final FixedPoint fixedPoint = new FixedPoint(20);
  private final SymmetricSum sum = new SymmetricSum(grid, fixedPoint);
  private final double[] gram = new double[N * N];
  private final double[] triangle = new double[TRIANGLE];
  private final long[] plainSum = new long[TRIANGLE];
  private final byte[] tile = new byte[TILE * Long.BYTES];
  private final long[] plain = new long[TILE];
  private final double[] matrix = new double[N * N];
  private final double[] plainMatrix = new double[2 * TILE];

  /** A Gram matrix of few tokens, so that no number of additions overflows. */
  @Setup
  public void fill() {
    Random random = new Random(1);
    int at = 0;
    for (int r = 0; r < N; r++) {
      for (int c = r; c < N; c++) {
        double value = random.nextGaussian();
        gram[r * N + c] = value;
        gram[c * N + r] = value;
        triangle[at++] = value;
      }
    }
    for (int i = 0; i < TILE; i++) {
      plain[i] = random.nextLong() >> 20;
      Tiles.set(tile, i, plain[i]);
    }
  }

  /**
   * A record's Gram matrix rounded and added.
   *
   * @return the sum
   */
  @Benchmark
  public SymmetricSum round() {
    sum.add(gram);
    return sum;
  }

  /**
   * The same values, one after the other, rounded and added without looking for overflow.
   *
   * @return the sums
   */
  @Benchmark
  public long[] roundFloor() {
    for (int i = 0; i < TRIANGLE; i++) {
      plainSum[i] += (long) Math.rint(triangle[i] * 0x1p20);
    }
    return plainSum;
  }

  /**
   * A tile and its mirror image written to where the solver wants them.
   *
   * @return the matrix
   */
  @Benchmark
  public double[] assemble() {
    LayerMatrix.put(grid, fixedPoint, 0, 1, tile, matrix);
    return matrix;
  }

  /**
   * The same values written twice, one after the other.
   *
   * @return the values
   */
  @Benchmark
  public double[] assembleFloor() {
    for (int i = 0; i < TILE; i++) {
      double value = plain[i] * 0x1p-20;
      plainMatrix[i] = value;
      plainMatrix[TILE + i] = value;
    }
    return plainMatrix;
  }
}
