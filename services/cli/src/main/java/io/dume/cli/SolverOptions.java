package io.dume.cli;

import io.dume.solver.FactorisationChoice;
import io.dume.solver.LambdaChoice;
import io.dume.solver.SolverConfig;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How layers are solved. */
final class SolverOptions {

  @Option(
      names = "--lambda",
      paramLabel = "X|auto",
      defaultValue = "0.01",
      description =
          "The ridge penalty; auto chooses it for each version by the error on held-out tokens. Default:"
              + " ${DEFAULT-VALUE}, as in the paper.")
  private LambdaChoice lambda;

  @Option(
      names = "--factorisation",
      paramLabel = "NAME",
      defaultValue = "auto",
      description =
          "auto, ejml or openblas. A fit keeps what its first solver chose; auto takes openblas for"
              + " large layers where its library loads. Default: ${DEFAULT-VALUE}.")
  private FactorisationChoice factorisation;

  @Option(
      names = "--solver-threads",
      paramLabel = "N",
      description = "Layers that are solved at the same time. Default: one for each processor.")
  private Optional<Integer> threads = Optional.empty();

  @Option(
      names = "--no-intercept",
      description =
          "Solves gates without an intercept, from the same statistics: their biases are 0. For"
              + " layouts that have no place for one, such as Mixtral's (dume export).")
  private boolean noIntercept;

  SolverConfig refine(SolverConfig config) {
    SolverConfig refined =
        config.withLambda(lambda).withFactorisation(factorisation).withIntercept(!noIntercept);
    return threads.map(refined::withThreads).orElse(refined);
  }
}
