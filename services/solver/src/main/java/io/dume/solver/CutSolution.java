package io.dume.solver;

import io.dume.schemas.message.LambdaError;
import java.util.List;
import java.util.Optional;

/**
 * All layers of a cut, solved with one λ.
 *
 * @param lambda the ridge penalty
 * @param curve the errors it was chosen by, ascending in λ; empty if it was given
 * @param gates in the order of the layers
 * @param earlier what their scores were compared with
 */
record CutSolution(
    double lambda,
    List<LambdaError> curve,
    List<LayerGate> gates,
    Optional<EarlierGates> earlier) {}
