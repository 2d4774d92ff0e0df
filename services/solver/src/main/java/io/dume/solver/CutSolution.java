package io.dume.solver;

import io.dume.schemas.message.LambdaError;
import java.util.List;

/**
 * All layers of a cut, solved with one λ.
 *
 * @param lambda the ridge penalty
 * @param curve the errors it was chosen by, ascending in λ; empty if it was given
 * @param gates in the order of the layers
 */
record CutSolution(double lambda, List<LambdaError> curve, List<LayerGate> gates) {}
