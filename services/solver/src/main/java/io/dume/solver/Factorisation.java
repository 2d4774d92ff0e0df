package io.dume.solver;

/**
 * The Cholesky factorisation of one symmetric positive definite matrix at a time, in the manner of
 * EJML's {@code LinearSolver}: set the matrix, ask whether it worked, solve as often as needed. An
 * instance keeps its workspace for the next matrix of the same size: n * n doubles. Not
 * thread-safe; several instances may work at the same time.
 *
 * <p>The same input gives the same bits every time, whatever other instances do.
 */
interface Factorisation extends AutoCloseable {
  /**
   * Where a factorisation stopped.
   *
   * @param index the row and column, from 0
   * @param value the pivot: what was left of the diagonal entry, not positive
   */
  record FailedPivot(int index, double value) {}

  /**
   * Factors A + λI.
   *
   * @param a n x n, row-major, symmetric; only its upper triangle is looked at. It is left as it
   *     is, and must stay so as long as this matrix is worked with
   * @param n the size, 1 to 46340
   * @param lambda added to the diagonal
   * @return true if it worked; false if the matrix is not positive definite in double precision
   */
  boolean setA(double[] a, int n, double lambda);

  /**
   * How close to singular the matrix was.
   *
   * @return after a {@link #setA} that worked, the smallest pivot, which is the square of the
   *     smallest diagonal entry of the factor
   */
  double smallestPivot();

  /**
   * Where it stopped.
   *
   * @return after a {@link #setA} that failed, the first pivot that is not positive
   */
  FailedPivot failedPivot();

  /**
   * Solves (A + λI) X = B, after a {@link #setA} that worked.
   *
   * @param b n x columns, row-major; left as it is
   * @param columns the number of right-hand sides, at least 1
   * @param x n x columns, row-major; overwritten, owned by the caller
   */
  void solve(double[] b, int columns, double[] x);

  /**
   * Multiplies A, without λ, after a {@link #setA} that worked.
   *
   * @param w n x columns, row-major; left as it is
   * @param columns at least 1
   * @param product n x columns, row-major; overwritten with A W
   */
  void multiply(double[] w, int columns, double[] product);

  /** Gives workspace outside of the heap back. */
  @Override
  void close();
}
