package io.dume.solver;

import io.dume.solver.Factorisation.FailedPivot;

/** Finds the pivot that a factorisation failed at, for the message about it. */
final class PivotSearch {
  private PivotSearch() {}

  /**
   * Eliminates row by row until a pivot is not positive. Unblocked and in place of speed readable:
   * it runs once for a refusal.
   *
   * @param a n x n, row-major, symmetric, of which the upper triangle is looked at; left as it is
   * @return the first pivot that is not positive or, where rounding lets this elimination through,
   *     the smallest
   */
  static FailedPivot firstFailing(double[] a, int n, double lambda) {
    double[] factor = new double[n * n];
    FailedPivot smallest = new FailedPivot(0, Double.POSITIVE_INFINITY);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < i; j++) {
        double sum = a[j * n + i];
        for (int k = 0; k < j; k++) {
          sum -= factor[i * n + k] * factor[j * n + k];
        }
        factor[i * n + j] = sum / factor[j * n + j];
      }
      double pivot = a[i * n + i] + lambda;
      for (int k = 0; k < i; k++) {
        pivot -= factor[i * n + k] * factor[i * n + k];
      }
      if (pivot < smallest.value() || Double.isNaN(pivot)) {
        smallest = new FailedPivot(i, pivot);
      }
      if (!(pivot > 0)) {
        return smallest;
      }
      factor[i * n + i] = Math.sqrt(pivot);
    }
    return smallest;
  }
}
