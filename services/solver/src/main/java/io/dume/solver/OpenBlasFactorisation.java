package io.dume.solver;

import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.openblas.global.openblas_full;

/**
 * LAPACK's dpotrf and dpotrs from OpenBLAS. The matrix lies outside of the heap, n² doubles, and is
 * put together there: a {@code double[]} would be copied at each call. A row-major upper triangle
 * is a column-major lower one, which becomes the factor. A itself is kept in the other triangle,
 * which LAPACK never looks at, and its diagonal in an array: products with A, and another λ, cost
 * no further matrix.
 */
final class OpenBlasFactorisation implements Factorisation {
  private static final byte LOWER = 'L';

  /** Rows and columns that are mirrored at a time: a block of both triangles stays in the cache. */
  private static final int BLOCK = 256;

  private static final int SMALLEST_SQUARE = 16;

  /** Up to here A stays in the cache from one column of a product to the next. */
  private static final int LARGEST_CACHED = 1536;

  /** Columns of A that are multiplied by all columns of W while they are in the cache. */
  private static final int PANEL = 128;

  /** A buffer has less than 2^31 bytes; a large matrix has several. */
  private static final long LARGEST_BUFFER = 1L << 30;

  private DoublePointer factor = new DoublePointer(1);

  // Two more positions in the same memory; closing either would free it.
  private DoublePointer source = new DoublePointer(factor);
  private DoublePointer target = new DoublePointer(factor);

  /** The matrix, some rows in each. */
  private List<DoubleBuffer> rows = List.of();

  private int rowsInBuffer = 1;
  private double[] diagonal = new double[0];
  private int size;
  private boolean mirrored;
  private FailedPivot failed = new FailedPivot(0, 0);

  OpenBlasFactorisation() {
    if (OpenBlas.coreType().isEmpty()) {
      throw new IllegalStateException("OpenBLAS can't be loaded on this machine");
    }
  }

  @Override
  public void begin(int n) {
    mirrored = false;
    if (size != n) {
      close();
      factor = new DoublePointer((long) n * n);
      source = new DoublePointer(factor);
      target = new DoublePointer(factor);
      rowsInBuffer = rowsInBuffer(n);
      rows = buffers(n);
      diagonal = new double[n];
      size = n;
    }
  }

  /** Whole blocks, so that no square on the diagonal lies in two buffers. */
  private static int rowsInBuffer(int n) {
    long fit = LARGEST_BUFFER / (n * (long) Double.BYTES);
    return (int) Math.min(n + (long) BLOCK, fit) / BLOCK * BLOCK;
  }

  private List<DoubleBuffer> buffers(int n) {
    List<DoubleBuffer> buffers = new ArrayList<>();
    for (int from = 0; from < n; from += rowsInBuffer) {
      long to = Math.min(n, from + (long) rowsInBuffer);
      buffers.add(
          new DoublePointer(factor)
              .position((long) from * n)
              .limit(to * n)
              .asByteBuffer()
              .order(ByteOrder.nativeOrder())
              .asDoubleBuffer());
    }
    return buffers;
  }

  @Override
  public void put(int row, int column, double[] values, int from, int count) {
    rows.get(row / rowsInBuffer).put(row % rowsInBuffer * size + column, values, from, count);
  }

  @Override
  public boolean factor(double lambda) {
    int n = size;
    if (!mirrored) {
      for (int i = 0; i < n; i++) {
        diagonal[i] = onDiagonal(i);
      }
    }
    // The first time from what was put, later from its mirror image, over the factor.
    for (int from = 0; from < n; from += BLOCK) {
      int to = Math.min(n, from + BLOCK);
      mirrorSquare(from, to);
      for (int next = to; next < n; next += BLOCK) {
        mirrorBlock(from, to, next, Math.min(n, next + BLOCK));
      }
    }
    mirrored = true;
    for (int i = 0; i < n; i++) {
      setOnDiagonal(i, diagonal[i] + lambda);
    }
    int info =
        openblas_full.LAPACKE_dpotrf_work(openblas_full.LAPACK_COL_MAJOR, LOWER, n, factor, n);
    requireValidArguments("dpotrf", info);
    if (info > 0) {
      failed = new FailedPivot(info - 1, onDiagonal(info - 1));
    }
    return info == 0;
  }

  /** Of a square on the diagonal; halves it until few values are left. */
  private void mirrorSquare(int from, int to) {
    if (to - from > SMALLEST_SQUARE) {
      int half = (from + to) / 2;
      mirrorSquare(from, half);
      mirrorBlock(from, half, half, to);
      mirrorSquare(half, to);
      return;
    }
    DoubleBuffer buffer = rows.get(from / rowsInBuffer);
    int first = from / rowsInBuffer * rowsInBuffer;
    for (int i = from; i < to; i++) {
      for (int j = i + 1; j < to; j++) {
        int right = (i - first) * size + j;
        int below = (j - first) * size + i;
        if (mirrored) {
          buffer.put(right, buffer.get(below));
        } else {
          buffer.put(below, buffer.get(right));
        }
      }
    }
  }

  /** A block of rows right of the diagonal, and the block of columns below that mirrors it. */
  private void mirrorBlock(int from, int to, int next, int end) {
    long right = (long) from * size + next;
    long below = (long) next * size + from;
    openblas_full.cblas_domatcopy(
        openblas_full.CblasRowMajor,
        openblas_full.CblasTrans,
        mirrored ? end - next : to - from,
        mirrored ? to - from : end - next,
        1,
        source.position(mirrored ? below : right),
        size,
        target.position(mirrored ? right : below),
        size);
  }

  @Override
  public double smallestPivot() {
    double smallest = Double.POSITIVE_INFINITY;
    for (int i = 0; i < size; i++) {
      double entry = onDiagonal(i);
      smallest = Math.min(smallest, entry * entry);
    }
    return smallest;
  }

  @Override
  public FailedPivot failedPivot() {
    return failed;
  }

  @Override
  public void solve(double[] b, int columns, double[] x) {
    try (DoublePointer solution = new DoublePointer(transposed(b, size, columns))) {
      int info =
          openblas_full.LAPACKE_dpotrs_work(
              openblas_full.LAPACK_COL_MAJOR, LOWER, size, columns, factor, size, solution, size);
      requireValidArguments("dpotrs", info);
      take(solution, columns, x);
    }
  }

  @Override
  public void multiply(double[] w, int columns, double[] product) {
    double[] ofFactor = new double[size];
    swapDiagonal(diagonal, ofFactor);
    try (DoublePointer right = new DoublePointer(transposed(w, size, columns));
        DoublePointer result = new DoublePointer(new double[size * columns])) {
      int panel = size <= LARGEST_CACHED ? size : PANEL;
      for (int from = 0; from < size; from += panel) {
        multiplyPanel(from, Math.min(size, from + panel), right, columns, result);
      }
      take(result, columns, product);
    } finally {
      swapDiagonal(ofFactor, new double[size]);
    }
  }

  /**
   * Adds the part of the product that some columns of A have in it, from the first row to the
   * diagonal, and their mirror image.
   */
  private void multiplyPanel(
      int from, int to, DoublePointer right, int columns, DoublePointer result) {
    int width = to - from;
    for (int column = 0; column < columns; column++) {
      long top = (long) column * size;
      openblas_full.cblas_dsymv(
          openblas_full.CblasColMajor,
          openblas_full.CblasUpper,
          width,
          1,
          source.position((long) from * size + from),
          size,
          right.position(top + from),
          1,
          1,
          result.position(top + from),
          1);
      if (from > 0) {
        source.position((long) from * size);
        openblas_full.cblas_dgemv(
            openblas_full.CblasColMajor,
            openblas_full.CblasNoTrans,
            from,
            width,
            1,
            source,
            size,
            right.position(top + from),
            1,
            1,
            result.position(top),
            1);
        openblas_full.cblas_dgemv(
            openblas_full.CblasColMajor,
            openblas_full.CblasTrans,
            from,
            width,
            1,
            source,
            size,
            right.position(top),
            1,
            1,
            result.position(top + from),
            1);
      }
    }
    // What frees the memory, and what reads it, begins at the beginning.
    right.position(0);
    result.position(0);
  }

  private void swapDiagonal(double[] in, double[] out) {
    for (int i = 0; i < size; i++) {
      out[i] = onDiagonal(i);
      setOnDiagonal(i, in[i]);
    }
  }

  private static double[] transposed(double[] rows, int size, int columns) {
    double[] transposed = new double[size * columns];
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < columns; j++) {
        transposed[j * size + i] = rows[i * columns + j];
      }
    }
    return transposed;
  }

  private void take(DoublePointer columnMajor, int columns, double[] rows) {
    double[] values = new double[size * columns];
    columnMajor.get(values);
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < columns; j++) {
        rows[i * columns + j] = values[j * size + i];
      }
    }
  }

  // A pointer's own methods are calls into native code, one for each value.
  private double onDiagonal(int i) {
    return rows.get(i / rowsInBuffer).get(i % rowsInBuffer * size + i);
  }

  private void setOnDiagonal(int i, double value) {
    rows.get(i / rowsInBuffer).put(i % rowsInBuffer * size + i, value);
  }

  private static void requireValidArguments(String routine, int info) {
    if (info < 0) {
      throw new IllegalStateException("%s: argument %d is not valid".formatted(routine, -info));
    }
  }

  @Override
  public void close() {
    rows = List.of();
    factor.close();
    size = 0;
  }
}
