package io.dume.solver;

import io.dume.solver.Factorisation.FailedPivot;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * From the statistics of a layer to its gate (DUME, arXiv 2603.29765): W = (A + λI)⁻¹ b, the
 * intercept row penalised too; then each column divided by the norm of its first d entries, the
 * intercept by the same norm, where a norm of zero counts as 1e-6. Not thread-safe.
 *
 * <p>Without an intercept W has d rows, solved from the leading d x d block of A and the first d
 * rows of b, which are the statistics of the same features with no 1 appended. The block is all
 * that is put in place; from there on the last row of W is zero, so that errors and scores are
 * computed from A and b alike.
 *
 * <p>All sums run in one fixed order, so the same statistics give the same bits.
 */
final class LayerSolver implements MatrixPlace, AutoCloseable {
  private static final double NORM_OF_ZERO = 1e-6;

  private final Factorisation factorisation;
  private final boolean intercept;
  private int size;

  /**
   * A layer, solved.
   *
   * @param gate what goes into a version
   * @param w W, n x experts, row-major: before the columns were normalised
   */
  record Solution(LayerGate gate, double[] w) {}

  /**
   * @param factorisation closed with this solver
   */
  LayerSolver(Factorisation factorisation) {
    this(factorisation, true);
  }

  /**
   * @param factorisation closed with this solver
   * @param intercept whether gates have one
   */
  LayerSolver(Factorisation factorisation, boolean intercept) {
    this.factorisation = factorisation;
    this.intercept = intercept;
  }

  /** Begins a layer: where its A is put before {@link #solve}. */
  @Override
  public void begin(int n) {
    size = n;
    factorisation.begin(unknowns(n));
  }

  /** How many rows of W are solved for. */
  private int unknowns(int n) {
    return intercept ? n : n - 1;
  }

  /** How many values of a row, up to the end of what was put, are left of those from a column. */
  private int kept(int row, int column, int count) {
    int unknowns = unknowns(size);
    return row < unknowns ? Math.min(count, unknowns - column) : 0;
  }

  @Override
  public void put(int row, int column, byte[] fixed, int at, int count, double unit) {
    int kept = kept(row, column, count);
    if (kept > 0) {
      factorisation.put(row, column, fixed, at, kept, unit);
    }
  }

  /** Puts the whole A of a layer, whose values are doubles already. */
  void put(LayerStatistics statistics) {
    int n = statistics.size();
    begin(n);
    for (int i = 0; i < unknowns(n); i++) {
      factorisation.put(i, i, statistics.a(), i * n + i, unknowns(n) - i);
    }
  }

  /**
   * Solves the layer whose A was put; with as many λ as needed.
   *
   * @param sides its b, left as it is
   * @param lambda the ridge penalty, finite and not negative
   * @return the solution, all of it finite
   * @throws UnsolvableException if A + λI is not positive definite or a value is not finite
   */
  Solution solve(RightHandSides sides, double lambda) throws UnsolvableException {
    int n = sides.size();
    int unknowns = unknowns(n);
    int experts = sides.experts();
    if (!factorisation.factor(lambda)) {
      FailedPivot pivot = factorisation.failedPivot();
      throw new UnsolvableException(
          ("layer %d: A + λI is not positive definite with λ = %s: pivot %d of %d is %s;"
                  + " more tokens or a larger λ help")
              .formatted(sides.layer(), lambda, pivot.index(), unknowns, pivot.value()));
    }
    double[] b = intercept ? sides.b() : Arrays.copyOf(sides.b(), unknowns * experts);
    double[] solved = new double[unknowns * experts];
    factorisation.solve(b, experts, solved);
    double[] signed = Residual.signed(solved, unknowns, experts);
    double[] product = new double[unknowns];
    factorisation.multiply(signed, 1, product);
    double residual = Residual.of(b, experts, lambda, signed, product);
    double[] solution = intercept ? solved : Arrays.copyOf(solved, n * experts);
    List<Double> separability = Fitted.ofSolution(sides, solution, lambda).separability();
    double smallestPivot = factorisation.smallestPivot();
    float[] weight = new float[experts * (n - 1)];
    float[] bias = new float[experts];
    double[] norms = new double[experts];
    List<Integer> zeroColumns = new ArrayList<>();
    for (int column = 0; column < experts; column++) {
      double norm = normalise(solution, n, experts, column, weight, bias);
      norms[column] = norm == 0 ? NORM_OF_ZERO : norm;
      if (norm == 0) {
        zeroColumns.add(column);
      }
    }
    requireFinite(sides.layer(), "the residual", residual);
    requireFinite(sides.layer(), "the smallest pivot", smallestPivot);
    for (double share : separability) {
      requireFinite(sides.layer(), "a separability", share);
    }
    for (float value : weight) {
      requireFinite(sides.layer(), "a gate weight", value);
    }
    for (float value : bias) {
      requireFinite(sides.layer(), "a gate intercept", value);
    }
    return new Solution(
        new LayerGate(
            sides.layer(),
            weight,
            bias,
            residual,
            smallestPivot,
            zeroColumns,
            separability,
            ScoreSums.of(sides, solution, lambda, norms)),
        solution);
  }

  /** Returns the column's norm, which may be zero. */
  private static double normalise(
      double[] solution, int n, int experts, int column, float[] weight, float[] bias) {
    int width = n - 1;
    double squares = 0;
    for (int i = 0; i < width; i++) {
      double entry = solution[i * experts + column];
      squares += entry * entry;
    }
    double found = Math.sqrt(squares);
    double norm = found == 0 ? NORM_OF_ZERO : found;
    for (int i = 0; i < width; i++) {
      weight[column * width + i] = (float) (solution[i * experts + column] / norm);
    }
    bias[column] = (float) (solution[width * experts + column] / norm);
    return found;
  }

  private static void requireFinite(int layer, String what, double value)
      throws UnsolvableException {
    if (!Double.isFinite(value)) {
      throw new UnsolvableException(
          "layer %d: %s is %s: the statistics are too far out of scale to be solved"
              .formatted(layer, what, value));
    }
  }

  @Override
  public void close() {
    factorisation.close();
  }
}
