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
 * no further matrix. It is kept turned by 180 degrees, J A J with J the identity from right to
 * left: so a row of A is a row there too, and written while it is at hand, where a mirror image
 * would be written column by column.
 */
final class OpenBlasFactorisation implements Factorisation {
  private static final byte LOWER = 'L';

  /** Up to here A stays in the cache from one column of a product to the next. */
  private static final int LARGEST_CACHED = 1536;

  /** Columns of A that are multiplied by all columns of W while they are in the cache. */
  private static final int PANEL = 128;

  /** A buffer has less than 2^31 bytes; a large matrix has several. */
  private static final long LARGEST_BUFFER = 1L << 30;

  private final int largestCached;
  private final int panel;
  private final long largestBuffer;
  private DoublePointer factor;

  // Another position in the same memory; closing it would free that.
  private DoublePointer source;

  /** The matrix, some rows in each. */
  private List<DoubleBuffer> rows = List.of();

  /** A power of two: which buffer a row is in takes no division. */
  private int rowsInBuffer = 1;

  private int bufferShift;
  private double[] diagonal = new double[0];

  /** Part of a row. */
  private double[] values = new double[0];

  /** The same from right to left. */
  private double[] turned = new double[0];

  private int size;
  private boolean factored;
  private FailedPivot failed = new FailedPivot(0, 0);

  OpenBlasFactorisation() {
    this(LARGEST_CACHED, PANEL, LARGEST_BUFFER);
  }

  /**
   * @param largestCached up to this n a product is made in one piece
   * @param panel columns of a piece of a product with a larger matrix
   * @param largestBuffer bytes of a buffer; one has a whole row in any case
   */
  OpenBlasFactorisation(int largestCached, int panel, long largestBuffer) {
    this.largestCached = largestCached;
    this.panel = panel;
    this.largestBuffer = largestBuffer;
    if (OpenBlas.coreType().isEmpty()) {
      throw new IllegalStateException("OpenBLAS can't be loaded on this machine");
    }
    // Only now: the limits on pointers are set when the library is loaded.
    this.factor = new DoublePointer(1);
    this.source = new DoublePointer(factor);
  }

  @Override
  public void begin(int n) {
    factored = false;
    if (size != n) {
      close();
      factor = allocate(n);
      source = new DoublePointer(factor);
      int fit = (int) Math.max(1, Math.min(n, largestBuffer / (n * (long) Double.BYTES)));
      rowsInBuffer = Integer.highestOneBit(fit);
      bufferShift = Integer.numberOfTrailingZeros(rowsInBuffer);
      rows = buffers(n);
      diagonal = new double[n];
      values = new double[n];
      turned = new double[n];
      size = n;
    }
  }

  private static DoublePointer allocate(int n) {
    try {
      return new DoublePointer((long) n * n);
    } catch (OutOfMemoryError e) {
      throw new IllegalStateException(
          "no memory outside of the heap for a matrix of n = %d, %d MiB (%s): the solver has up to --solver-threads + 2 of these, so lower that, or give the process more memory"
              .formatted(n, (long) n * n * Double.BYTES >> 20, e.getMessage()),
          e);
    }
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
  public void put(int row, int column, byte[] fixed, int at, int count, double unit) {
    FixedValues.convertAndTurn(fixed, at, count, unit, values, turned);
    putBoth(row, column, count);
  }

  @Override
  public void put(int row, int column, double[] from, int first, int count) {
    System.arraycopy(from, first, values, 0, count);
    System.arraycopy(from, first, turned, 0, count);
    reverse(turned, 0, count);
    putBoth(row, column, count);
  }

  private void putBoth(int row, int column, int count) {
    write(row, column, values, count);
    // The diagonal, the first value and turned the last, has no place in the other triangle.
    int beside = count;
    if (row == column && count > 0) {
      diagonal[row] = values[0];
      beside--;
    }
    write(size - 1 - row, size - column - count, turned, beside);
  }

  private void write(int row, int column, double[] from, int count) {
    rows.get(row >> bufferShift).put((row & rowsInBuffer - 1) * size + column, from, 0, count);
  }

  @Override
  public boolean factor(double lambda) {
    int n = size;
    if (factored) {
      restore();
    }
    factored = true;
    for (int i = 0; i < n; i++) {
      set(i, i, diagonal[i] + lambda);
    }
    int info =
        openblas_full.LAPACKE_dpotrf_work(openblas_full.LAPACK_COL_MAJOR, LOWER, n, factor, n);
    requireValidArguments("dpotrf", info);
    if (info > 0) {
      failed = new FailedPivot(info - 1, get(info - 1, info - 1));
    }
    return info == 0;
  }

  /** Writes A, all but its diagonal, over the factor. */
  private void restore() {
    for (int row = 0; row < size; row++) {
      int count = size - 1 - row;
      rows.get(count >> bufferShift).get((count & rowsInBuffer - 1) * size, turned, 0, count);
      reverse(turned, 0, count);
      write(row, row + 1, turned, count);
    }
  }

  private static void reverse(double[] values, int from, int to) {
    for (int i = from, j = to - 1; i < j; i++, j--) {
      double value = values[i];
      values[i] = values[j];
      values[j] = value;
    }
  }

  @Override
  public double smallestPivot() {
    double smallest = Double.POSITIVE_INFINITY;
    for (int i = 0; i < size; i++) {
      double entry = get(i, i);
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
      double[] columnsOfX = new double[size * columns];
      solution.get(columnsOfX);
      transpose(columnsOfX, columns, x);
    }
  }

  @Override
  public void multiply(double[] w, int columns, double[] product) {
    double[] ofFactor = new double[size];
    double[] ofA = diagonal.clone();
    reverse(ofA, 0, size);
    swapDiagonal(ofA, ofFactor);
    // A W = J (J A J) (J W). All values reversed are the columns reversed, the last one first.
    double[] columnsOfW = transposed(w, size, columns);
    reverse(columnsOfW, 0, columnsOfW.length);
    double[] columnsOfProduct = new double[columnsOfW.length];
    try (DoublePointer right = new DoublePointer(columnsOfW);
        DoublePointer result = new DoublePointer(columnsOfProduct)) {
      int width = size <= largestCached ? size : panel;
      for (int from = 0; from < size; from += width) {
        multiplyPanel(from, Math.min(size, from + width), right, columns, result);
      }
      result.get(columnsOfProduct);
      reverse(columnsOfProduct, 0, columnsOfProduct.length);
      transpose(columnsOfProduct, columns, product);
    } finally {
      swapDiagonal(ofFactor, new double[size]);
    }
  }

  /**
   * Adds the part of the product that some columns of J A J have in it, from the first row to the
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
      out[i] = get(i, i);
      set(i, i, in[i]);
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

  private void transpose(double[] columnMajor, int columns, double[] rowMajor) {
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < columns; j++) {
        rowMajor[i * columns + j] = columnMajor[j * size + i];
      }
    }
  }

  // A pointer's own methods are calls into native code, one for each value.
  private double get(int row, int column) {
    return rows.get(row >> bufferShift).get((row & rowsInBuffer - 1) * size + column);
  }

  private void set(int row, int column, double value) {
    rows.get(row >> bufferShift).put((row & rowsInBuffer - 1) * size + column, value);
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
