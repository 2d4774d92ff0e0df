package io.dume.solver;

import org.ejml.EjmlParameters;
import org.ejml.data.DMatrixRBlock;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.block.MatrixOps_DDRB;
import org.ejml.dense.block.linsol.chol.CholeskyOuterSolver_DDRB;

/**
 * EJML's blocked outer-product Cholesky: pure Java, the same bits on every host. Memory: 2 n²
 * doubles, A and its factor.
 */
final class EjmlFactorisation implements Factorisation {
  private static final int BLOCK = EjmlParameters.BLOCK_WIDTH;

  private final CholeskyOuterSolver_DDRB solver = new CholeskyOuterSolver_DDRB();
  private DMatrixRBlock factor = new DMatrixRBlock(1, 1, BLOCK);
  private FailedPivot failed = new FailedPivot(0, 0);
  private HeapMatrix matrix = new HeapMatrix();

  @Override
  public void begin(int n) {
    matrix.begin(n);
    if (factor.numRows != n) {
      factor = new DMatrixRBlock(n, n, BLOCK);
    }
  }

  @Override
  public void put(int row, int column, byte[] fixed, int at, int count, double unit) {
    matrix.put(row, column, fixed, at, count, unit);
  }

  @Override
  public void put(int row, int column, double[] values, int from, int count) {
    matrix.put(row, column, values, from, count);
  }

  @Override
  public boolean factor(double lambda) {
    double[] a = matrix.values();
    int n = factor.numRows;
    // EJML factors the lower triangle.
    MatrixOps_DDRB.convertTranSrc(DMatrixRMaj.wrap(n, n, a), factor);
    for (int i = 0; i < n; i++) {
      factor.set(i, i, a[i * n + i] + lambda);
    }
    boolean worked = solver.setA(factor);
    if (!worked) {
      // EJML does not say where it stopped.
      failed = PivotSearch.firstFailing(a, n, lambda);
    }
    return worked;
  }

  @Override
  public double smallestPivot() {
    double smallest = Double.POSITIVE_INFINITY;
    for (int i = 0; i < factor.numRows; i++) {
      double entry = factor.get(i, i);
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
    int n = factor.numRows;
    DMatrixRBlock solution = new DMatrixRBlock(n, columns, BLOCK);
    MatrixOps_DDRB.convert(DMatrixRMaj.wrap(n, columns, b), solution);
    solver.solve(solution, null);
    MatrixOps_DDRB.convert(solution, DMatrixRMaj.wrap(n, columns, x));
  }

  @Override
  public void multiply(double[] w, int columns, double[] product) {
    Fitted.multiply(matrix.values(), factor.numRows, w, columns, product);
  }

  @Override
  public void close() {
    matrix = new HeapMatrix();
    factor = new DMatrixRBlock(1, 1, BLOCK);
  }
}
