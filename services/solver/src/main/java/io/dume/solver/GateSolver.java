package io.dume.solver;

/**
 * Solves single layers, whoever has their statistics: the very arithmetic of the service, without
 * topics. Not thread-safe.
 */
public final class GateSolver implements AutoCloseable {

  /**
   * A layer's gate.
   *
   * @param weight experts x d, row-major, each row of norm 1
   * @param bias the intercepts, each divided by the norm of its row
   * @param unscaled W, n x experts, row-major: before the columns were normalised
   */
  public record Gate(float[] weight, float[] bias, double[] unscaled) {}

  private final LayerSolver solver;

  private GateSolver(Factorisation factorisation) {
    this.solver = new LayerSolver(factorisation);
  }

  /**
   * A solver that works as the service does on this machine for a new fit.
   *
   * @param choice the library that factors
   * @param n the size of the matrices, d + 1
   * @throws IllegalStateException if OpenBLAS is demanded and can't be loaded
   */
  public static GateSolver open(FactorisationChoice choice, int n) {
    return new GateSolver(SolveProfile.resolve(choice, n).open());
  }

  /**
   * Solves W = (A + λI)⁻¹ b and divides each column by the norm of its first d entries.
   *
   * @param statistics left as they are; only the upper triangle of A is looked at
   * @param lambda finite and not negative
   * @throws IllegalArgumentException if A + λI is not positive definite or a value is not finite;
   *     the message names the layer and the remedy
   */
  public Gate solve(LayerStatistics statistics, double lambda) {
    solver.put(statistics);
    try {
      LayerSolver.Solution solution = solver.solve(RightHandSides.of(statistics), lambda);
      return new Gate(solution.gate().weight(), solution.gate().bias(), solution.w());
    } catch (UnsolvableException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    solver.close();
  }
}
