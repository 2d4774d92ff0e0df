package io.dume.solver;

import java.util.List;

/**
 * The solution of one layer, all that a version says of it.
 *
 * @param layer the layer, from 0
 * @param weight the gate's weights, experts x d, row-major
 * @param bias the gate's intercepts, one for each expert
 * @param residual ||(A + λI) W - b||_F / ||b||_F, estimated as {@link Residual} says
 * @param smallestPivot the smallest diagonal entry of the Cholesky factor, squared
 * @param zeroColumns columns of W whose first d entries have norm zero
 * @param separability for each column R², as in {@link Fitted#separability}
 * @param scores how the scores of the tokens are spread
 */
record LayerGate(
    int layer,
    float[] weight,
    float[] bias,
    double residual,
    double smallestPivot,
    List<Integer> zeroColumns,
    List<Double> separability,
    ScoreSums scores) {}
