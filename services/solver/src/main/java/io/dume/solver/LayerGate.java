package io.dume.solver;

import java.util.List;

/**
 * The solution of one layer.
 *
 * @param layer the layer, from 0
 * @param solution W, n x experts, row-major: before the columns were normalised
 * @param weight the gate's weights, experts x d, row-major
 * @param bias the gate's intercepts, one for each expert
 * @param residual ||(A + λI) W - b||_F / ||b||_F
 * @param smallestPivot the smallest diagonal entry of the Cholesky factor, squared
 * @param zeroColumns columns of W whose first d entries have norm zero
 */
record LayerGate(
    int layer,
    double[] solution,
    float[] weight,
    float[] bias,
    double residual,
    double smallestPivot,
    List<Integer> zeroColumns) {}
