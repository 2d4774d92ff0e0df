package io.dume.solver;

import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.openblas.global.openblas_full;

/**
 * LAPACK's dpotrf and dpotrs from OpenBLAS. The matrix lies outside of the heap: a {@code double[]}
 * would be copied at each call. A row-major upper triangle is a column-major lower one, so no
 * transposition is needed.
 */
final class OpenBlasFactorisation implements Factorisation {
  private static final byte LOWER = 'L';

  private DoublePointer factor = new DoublePointer(1);
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
      size = n;
    }
    factor.put(a, 0, n * n);
    for (int i = 0; i < n; i++) {
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
    double[] transposed = new double[size * columns];
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < columns; j++) {
        transposed[j * size + i] = b[i * columns + j];
      }
    }
    try (DoublePointer solution = new DoublePointer(transposed)) {
      int info =
          openblas_full.LAPACKE_dpotrs_work(
              openblas_full.LAPACK_COL_MAJOR, LOWER, size, columns, factor, size, solution, size);
      requireValidArguments("dpotrs", info);
      solution.get(transposed);
    }
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < columns; j++) {
        x[i * columns + j] = transposed[j * size + i];
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
