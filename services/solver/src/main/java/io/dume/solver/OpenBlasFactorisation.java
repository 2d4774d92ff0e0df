package io.dume.solver;

import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.openblas.global.openblas_full;

/**
 * LAPACK's dpotrf and dpotrs from OpenBLAS. The matrix lies outside of the heap: a {@code double[]}
 * would be copied at each call. A row-major upper triangle is a column-major lower one, so it is
 * copied as it is, and becomes the factor. A itself stays in the other triangle, which LAPACK never
 * looks at, and its diagonal in an array: products with A cost no further matrix.
 */
final class OpenBlasFactorisation implements Factorisation {
  private static final byte LOWER = 'L';

  /** Rows that are mirrored at a time: what is read and what is written stay in the cache. */
  private static final int STRIPE = 32;

  private DoublePointer factor = new DoublePointer(1);

  // Two more positions in the same memory; closing either would free it.
  private DoublePointer source = new DoublePointer(factor);
  private DoublePointer target = new DoublePointer(factor);

  private double[] diagonal = new double[0];
  private final double[] mirrored = new double[STRIPE];
  private int size;
  private FailedPivot failed = new FailedPivot(0, 0);

  OpenBlasFactorisation() {
    if (OpenBlas.coreType().isEmpty()) {
      throw new IllegalStateException("OpenBLAS can't be loaded on this machine");
    }
  }

  @Override
  public boolean setA(double[] a, int n, double lambda) {
    if (size != n) {
      factor.close();
      factor = new DoublePointer((long) n * n);
      source = new DoublePointer(factor);
      target = new DoublePointer(factor);
      diagonal = new double[n];
      size = n;
    }
    for (int from = 0; from < n; from += STRIPE) {
      int to = Math.min(n, from + STRIPE);
      for (int i = from; i < to; i++) {
        factor.position(diagonal(i)).put(a, i * n + i, n - i);
      }
      mirror(a, from, to);
    }
    factor.position(0);
    for (int i = 0; i < n; i++) {
      diagonal[i] = a[i * n + i];
      factor.put(diagonal(i), a[i * n + i] + lambda);
    }
    int info =
        openblas_full.LAPACKE_dpotrf_work(openblas_full.LAPACK_COL_MAJOR, LOWER, n, factor, n);
    requireValidArguments("dpotrf", info);
    if (info > 0) {
      failed = new FailedPivot(info - 1, factor.get(diagonal(info - 1)));
    }
    return info == 0;
  }

  /** Writes rows of the upper triangle into the same columns of the lower one. */
  private void mirror(double[] a, int from, int to) {
    for (int i = from + 1; i < to; i++) {
      for (int j = from; j < i; j++) {
        mirrored[j - from] = a[j * size + i];
      }
      factor.position((long) i * size + from).put(mirrored, 0, i - from);
    }
    if (to < size) {
      openblas_full.cblas_domatcopy(
          openblas_full.CblasRowMajor,
          openblas_full.CblasTrans,
          to - from,
          size - to,
          1,
          source.position((long) from * size + to),
          size,
          target.position((long) to * size + from),
          size);
    }
  }

  @Override
  public double smallestPivot() {
    double smallest = Double.POSITIVE_INFINITY;
    for (int i = 0; i < size; i++) {
      double entry = factor.get(diagonal(i));
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
        DoublePointer result = new DoublePointer((long) size * columns)) {
      openblas_full.cblas_dsymm(
          openblas_full.CblasColMajor,
          openblas_full.CblasLeft,
          openblas_full.CblasUpper,
          size,
          columns,
          1,
          factor,
          size,
          right,
          size,
          0,
          result,
          size);
      take(result, columns, product);
    } finally {
      swapDiagonal(ofFactor, new double[size]);
    }
  }

  private void swapDiagonal(double[] in, double[] out) {
    for (int i = 0; i < size; i++) {
      out[i] = factor.get(diagonal(i));
      factor.put(diagonal(i), in[i]);
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

  private long diagonal(int i) {
    return (long) i * size + i;
  }

  private static void requireValidArguments(String routine, int info) {
    if (info < 0) {
      throw new IllegalStateException("%s: argument %d is not valid".formatted(routine, -info));
    }
  }

  @Override
  public void close() {
    factor.close();
    size = 0;
  }
}
