package io.dume.solver;

/**
 * The Cholesky factorisation of one symmetric positive definite matrix at a time, in the manner of
 * EJML's {@code LinearSolver}: put the matrix, ask whether it can be factored, solve as often as
 * needed. An instance keeps its workspace for the next matrix of the same size. Not thread-safe;
 * several instances may work at the same time.
 *
 * <p>The same input gives the same bits every time, whatever other instances do.
 */
interface Factorisation extends MatrixPlace, AutoCloseable {
  /**
   * Where a factorisation stopped.
   *
   * @param index the row and column, from 0
   * @param value the pivot: what was left of the diagonal entry, not positive
   */
  record FailedPivot(int index, double value) {}

  /**
   * Factors A + λI, where A is what was put; as often as needed.
   *
   * @param lambda added to the diagonal
   * @return true if it worked; false if the matrix is not positive definite in double precision
   */
  boolean factor(double lambda);

  /**
   * Puts values of a row that are doubles already, as {@link #put(int, int, byte[], int, int,
   * double)} does.
   *
   * @param values holds them; left as it is
   * @param from the first value's index
   */
  void put(int row, int column, double[] values, int from, int count);

  /**
   * Puts a whole matrix.
   *
   * @param a n x n, row-major, symmetric; only its upper triangle is looked at. It is left as it is
   * @param n the size, 1 to 46340
   */
  default void put(double[] a, int n) {
    begin(n);
    for (int i = 0; i < n; i++) {
      put(i, i, a, i * n + i, n - i);
    }
  }

  /**
   * How close to singular the matrix was.
   *
   * @return after a {@link #factor} that worked, the smallest pivot, which is the square of the
   *     smallest diagonal entry of the factor
   */
  double smallestPivot();

  /**
   * Where it stopped.
   *
   * @return after a {@link #factor} that failed, the first pivot that is not positive
   */
  FailedPivot failedPivot();

  /**
   * Solves (A + λI) X = B, after a {@link #factor} that worked.
   *
   * @param b n x columns, row-major; left as it is
   * @param columns the number of right-hand sides, at least 1
   * @param x n x columns, row-major; overwritten, owned by the caller
   */
  void solve(double[] b, int columns, double[] x);

  /**
   * Multiplies A, without λ, after a {@link #factor} that worked.
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
