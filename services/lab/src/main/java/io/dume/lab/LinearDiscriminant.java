package io.dume.lab;

import io.dume.solver.LayerStatistics;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.LinearSolverFactory_DDRM;
import org.ejml.interfaces.linsol.LinearSolverDense;

/**
 * Fisher's linear discriminant out of A and b alone: with n_e tokens of mean μ_e in domain e, the
 * covariance within domains is S = (A' − Σ n_e μ_e μ_eᵀ) / n, where A' is A without its last row
 * and column, and the score of domain e is xᵀS⁻¹μ_e − ½ μ_eᵀS⁻¹μ_e, to which its prior adds log(n_e
 * / n).
 *
 * @param weight experts x d, row-major
 * @param bias one for each expert
 */
record LinearDiscriminant(float[] weight, float[] bias) {

  /** Of the mean variance, added to each: features that never vary have none. */
  private static final double RIDGE = 1e-6;

  /**
   * Solves a layer.
   *
   * @param priors whether domains with more tokens are expected more often
   * @throws IllegalArgumentException if the covariance is not positive definite
   */
  static LinearDiscriminant of(LayerStatistics statistics, boolean priors) {
    int n = statistics.size();
    int d = n - 1;
    int experts = statistics.experts();
    double[] b = statistics.b();
    DMatrixRMaj covariance = new DMatrixRMaj(d, d);
    DMatrixRMaj means = new DMatrixRMaj(d, experts);
    double tokens = statistics.a()[n * n - 1];
    for (int e = 0; e < experts; e++) {
      for (int i = 0; i < d; i++) {
        means.set(i, e, b[i * experts + e] / b[d * experts + e]);
      }
    }
    double trace = 0;
    for (int i = 0; i < d; i++) {
      for (int j = 0; j < d; j++) {
        double between = 0;
        for (int e = 0; e < experts; e++) {
          between += b[d * experts + e] * means.get(i, e) * means.get(j, e);
        }
        covariance.set(i, j, (statistics.a()[i * n + j] - between) / tokens);
      }
      trace += covariance.get(i, i);
    }
    for (int i = 0; i < d; i++) {
      covariance.add(i, i, RIDGE * trace / d);
    }
    LinearSolverDense<DMatrixRMaj> solver = LinearSolverFactory_DDRM.symmPosDef(d);
    if (!solver.setA(covariance)) {
      throw new IllegalArgumentException(
          "layer %d: the covariance within domains is not positive definite: more tokens help"
              .formatted(statistics.layer()));
    }
    DMatrixRMaj directions = new DMatrixRMaj(d, experts);
    solver.solve(means, directions);
    float[] weight = new float[experts * d];
    float[] bias = new float[experts];
    for (int e = 0; e < experts; e++) {
      double square = 0;
      for (int i = 0; i < d; i++) {
        weight[e * d + i] = (float) directions.get(i, e);
        square += directions.get(i, e) * means.get(i, e);
      }
      double prior = priors ? Math.log(b[d * experts + e] / tokens) : 0;
      bias[e] = (float) (prior - square / 2);
    }
    return new LinearDiscriminant(weight, bias);
  }
}
