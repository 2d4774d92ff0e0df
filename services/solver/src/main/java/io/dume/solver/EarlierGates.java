package io.dume.solver;

import io.dume.schemas.message.Cut;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.Id;
import java.util.List;

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
   * Whether the scores of a cut's tokens mean the same as this version's. What a solver compares it
   * published itself, so all of it has an intercept, or none of it.
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
