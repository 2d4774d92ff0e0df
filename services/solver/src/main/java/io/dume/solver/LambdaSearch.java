package io.dume.solver;

import io.dume.schemas.message.LambdaError;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chooses one λ for all layers of a cut, by the error on the held-out tokens. No λ can be chosen
 * before every layer was seen, and no layer's A is kept until then: each layer is solved with every
 * candidate while it is there, and what stays of it is a gate and an error for each.
 *
 * <p>Experts without held-out tokens don't matter to the choice: the error is that of the tokens
 * there are, each counted alike.
 */
final class LambdaSearch {
  private static final Logger LOG = LoggerFactory.getLogger(LambdaSearch.class);

  /** What a layer gives with one λ. */
  sealed interface Trial {
    /**
     * @param gate the solution
     * @param error mean squared error on the held-out tokens, before columns are normalised
     */
    record Worked(LayerGate gate, double error) implements Trial {}

    /**
     * @param reason why there is none
     */
    record Failed(String reason) implements Trial {}
  }

  private LambdaSearch() {}

  /**
   * Solves a layer with every candidate.
   *
   * @param earlier what the layer's tokens are compared with
   * @return a trial for each of {@link LambdaChoice.Auto#CANDIDATES}, in their order
   */
  static List<Trial> trials(FoldedLayer<LayerSolver> layer, Optional<EarlierGates> earlier) {
    LayerStatistics heldOut =
        layer
            .heldOut()
            .orElseThrow(() -> new IllegalStateException("the held-out sums were not kept"));
    List<Trial> trials = new ArrayList<>();
    for (double lambda : LambdaChoice.Auto.CANDIDATES) {
      Trial trial = trial(layer.place(), layer.training(), heldOut, lambda);
      trials.add(
          earlier.isPresent() && trial instanceof Trial.Worked worked
              ? new Trial.Worked(
                  earlier.get().compared(worked.gate(), layer.training()), worked.error())
              : trial);
    }
    return trials;
  }

  private static Trial trial(
      LayerSolver solver, RightHandSides training, LayerStatistics heldOut, double lambda) {
    try {
      LayerSolver.Solution solution = solver.solve(training, lambda);
      double error = new Fitted(heldOut, solution.w()).meanSquaredError();
      return Double.isFinite(error)
          ? new Trial.Worked(solution.gate(), error)
          : new Trial.Failed("layer %d: its error is %s".formatted(training.layer(), error));
    } catch (UnsolvableException e) {
      return new Trial.Failed(e.getMessage());
    }
  }

  /**
   * Chooses the λ with the least error, mean over the layers; of equal ones the smallest. A λ that
   * some layer can't be solved with is none.
   *
   * @param layers the trials of each layer, in the order of the layers: so sums have the same bits
   *     whichever layer was solved first
   * @param earlier what the layers' tokens were compared with
   * @throws UnsolvableException if no λ works in all layers
   */
  static CutSolution choose(List<List<Trial>> layers, Optional<EarlierGates> earlier)
      throws UnsolvableException {
    List<LambdaError> curve = new ArrayList<>();
    List<LayerGate> best = List.of();
    double chosen = Double.NaN;
    double least = Double.POSITIVE_INFINITY;
    List<String> failures = new ArrayList<>();
    for (int i = 0; i < LambdaChoice.Auto.CANDIDATES.size(); i++) {
      double lambda = LambdaChoice.Auto.CANDIDATES.get(i);
      List<LayerGate> gates = new ArrayList<>();
      List<String> failed = new ArrayList<>();
      double sum = 0;
      for (List<Trial> layer : layers) {
        if (layer.get(i) instanceof Trial.Worked worked) {
          gates.add(worked.gate());
          sum += worked.error();
        } else if (layer.get(i) instanceof Trial.Failed failure) {
          failed.add(failure.reason());
        }
      }
      if (!failed.isEmpty()) {
        LOG.info(
            "λ = {} is left out: it works in {} of {} layers; {}",
            lambda,
            gates.size(),
            layers.size(),
            failed.get(0));
        failures.addAll(failed);
        continue;
      }
      double error = sum / layers.size();
      curve.add(new LambdaError(lambda, error));
      if (error < least) {
        least = error;
        chosen = lambda;
        best = gates;
      }
    }
    if (curve.isEmpty()) {
      throw new UnsolvableException(
          "none of the values that λ is chosen from works in all layers: " + failures.get(0));
    }
    return new CutSolution(chosen, List.copyOf(curve), best, earlier);
  }
}
