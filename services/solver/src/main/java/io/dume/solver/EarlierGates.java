package io.dume.solver;

import io.dume.router.Router;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.LayerSolution;
import io.dume.schemas.message.RouterVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The gates of a version that was published, to be compared with the statistics of a later cut.
 *
 * @param version its number
 * @param fit the fit that it was made from
 * @param experts its experts, in column order
 * @param gates in the order of the layers
 */
record EarlierGates(long version, Id fit, List<Expert> experts, List<LayerGate> gates) {

  static EarlierGates of(long version, Cut cut, CutSolution solution) {
    return new EarlierGates(version, cut.getFit(), cut.getExperts(), solution.gates());
  }

  /**
   * The gates of a version that was solved, as a subscriber has it: what a solver that takes over
   * compares with. A score is a gate's times the norm that its column was divided by, so weights
   * and norms are all it takes, and what the one before compared with, to the bit.
   *
   * @return nothing if the version does not carry norms
   */
  static Optional<EarlierGates> of(Router version) {
    List<LayerGate> gates = new ArrayList<>();
    for (LayerSolution layer : version.description().getLayers()) {
      if (layer.getNorms().isEmpty()) {
        // Of before versions carried them.
        return Optional.empty();
      }
      gates.add(
          new LayerGate(
              layer.getLayer(),
              version.weight(layer.getLayer()),
              version.bias(layer.getLayer()),
              layer.getResidual(),
              layer.getSmallestPivot(),
              layer.getZeroColumns(),
              layer.getSeparability(),
              new ScoreSums(
                  layer.getNorms(),
                  layer.getScoreSums(),
                  layer.getScoreProducts(),
                  layer.getEarlierScoreSums())));
    }
    RouterVersion description = version.description();
    return gates.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new EarlierGates(
                version.version(),
                description.getFit().getId(),
                description.getExperts(),
                List.copyOf(gates)));
  }

  /**
   * Whether the scores of a cut's tokens mean the same as this version's. It may have an intercept
   * where the cut's gates get none, or the other way round: both of what is compared are scores by
   * these gates.
   */
  boolean comparableTo(Cut cut) {
    return fit.equals(cut.getFit()) && experts.equals(cut.getExperts());
  }

  /** A solution with the scores that these gates give to its tokens. */
  LayerGate compared(LayerGate solved, RightHandSides sides) {
    return new LayerGate(
        solved.layer(),
        solved.weight(),
        solved.bias(),
        solved.residual(),
        solved.smallestPivot(),
        solved.zeroColumns(),
        solved.separability(),
        solved.scores().comparedWith(gates.get(solved.layer()), sides));
  }
}
