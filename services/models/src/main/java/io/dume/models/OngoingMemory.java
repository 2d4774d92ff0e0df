package io.dume.models;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the layers remember of a sequence that is read on and on: one number for each expert and
 * layer, that of the last token. See {@link RoutingPolicy} for what is computed; a policy with
 * scores from above needs its tokens one at a time. Used by one thread.
 */
final class OngoingMemory {

  private final Kernels kernels;
  private final RoutingPolicy policy;
  private final NDManager owner;
  private final Fading fading;

  /** By layer what it remembers after the last token that it has seen: (1, experts). */
  private final List<NDArray> remembered = new ArrayList<>();

  /** The sum of what shallower layers remember, for the tokens under way. */
  private Optional<NDArray> shallower = Optional.empty();

  /**
   * A memory without anything in it.
   *
   * @param owner owns what is remembered
   */
  OngoingMemory(Kernels kernels, RoutingPolicy policy, int layers, int experts, NDManager owner) {
    this.kernels = kernels;
    this.policy = policy;
    this.owner = owner;
    fading = Fading.of(policy.smoothing(), owner);
    for (int l = 0; l < layers; l++) {
      remembered.add(owner.zeros(new Shape(1, experts), DataType.FLOAT32));
    }
  }

  /**
   * Scores a layer's next tokens. Layers come in order, all of them for each run of tokens.
   *
   * @param x (tokens, d)
   * @param weight (experts, d)
   * @param bias (experts)
   * @param scratch owns the result; lives as long as the tokens are under way
   * @return (tokens, experts), what chooses
   */
  NDArray scores(int layer, NDArray x, NDArray weight, NDArray bias, NDManager scratch) {
    NDArray ends = scratch.create(new long[] {0, x.getShape().get(0)});
    NDArray before = remembered.get(layer);
    NDArray own =
        kernels.run(
            "remember", scratch, x, weight, bias, before, ends, 1, fading.decay(), fading.fade());
    remembered.set(layer, kernels.run("last", owner, own));
    before.close();
    NDArray scores = own;
    if (policy.below() > 0) {
      if (layer == 0) {
        shallower = Optional.empty();
      }
      scores = join(scores, shallower, policy.below(), scratch);
      shallower =
          Optional.of(
              shallower.map(sum -> kernels.run("join", scratch, sum, own, 1.0)).orElse(own));
    }
    if (policy.above() > 0) {
      // Deeper layers have not come to this token: what they remember is of the one before.
      List<NDArray> deeper = remembered.subList(layer + 1, remembered.size());
      Optional<NDArray> sum =
          deeper.stream().reduce((a, b) -> kernels.run("join", scratch, a, b, 1.0));
      scores = join(scores, sum, policy.above(), scratch);
    }
    return scores;
  }

  private NDArray join(NDArray scores, Optional<NDArray> others, double weight, NDManager scratch) {
    return others.map(sum -> kernels.run("join", scratch, scores, sum, weight)).orElse(scores);
  }
}
