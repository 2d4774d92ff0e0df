package io.dume.models;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the layers remember of a batch's scores while it runs through them; see {@link
 * RoutingPolicy} for what is computed. A layer's memory along a sequence is a product with a
 * triangle of powers of c, block by block: as many small steps as there are blocks, not tokens.
 * Used by one thread, for one batch.
 */
final class RoutingMemory {

  private final Kernels kernels;
  private final RoutingPolicy policy;
  private final NDManager owner;
  private final int rows;
  private final NDArray ends;
  private final NDArray before;
  private final Fading fading;
  private List<NDArray> earlier = List.of();
  private List<NDArray> layers = new ArrayList<>();

  /**
   * A memory without anything in it.
   *
   * @param experts columns of the scores
   * @param owner owns what is remembered; lives at least as long as all passes over the batch
   */
  RoutingMemory(Kernels kernels, RoutingPolicy policy, Batch batch, int experts, NDManager owner) {
    this.kernels = kernels;
    this.policy = policy;
    this.owner = owner;
    rows = batch.rows();
    ends = owner.create(batch.ends());
    before = owner.zeros(new Shape(rows, experts), DataType.FLOAT32);
    fading = Fading.of(policy.smoothing(), owner);
  }

  /** Makes what was remembered so far that of an earlier pass, and begins another. */
  void nextPass() {
    earlier = layers;
    layers = new ArrayList<>();
  }

  /**
   * Scores a layer's tokens. Layers come in order.
   *
   * @param x (tokens, d)
   * @param weight (experts, d)
   * @param bias (experts)
   * @param scratch owns the result
   * @return (tokens, experts), what chooses
   */
  NDArray scores(NDArray x, NDArray weight, NDArray bias, NDManager scratch) {
    int layer = layers.size();
    NDArray own =
        kernels.run(
            "remember", owner, x, weight, bias, before, ends, rows, fading.decay(), fading.fade());
    layers.add(own);
    NDArray scores = own;
    if (policy.below() > 0) {
      scores = join(scores, sum(layers.subList(0, layer), scratch), policy.below(), scratch);
    }
    if (policy.above() > 0 && !earlier.isEmpty()) {
      List<NDArray> deeper = earlier.subList(layer + 1, earlier.size());
      Optional<NDArray> previous =
          sum(deeper, scratch).map(all -> kernels.run("previous", scratch, all, before, ends));
      scores = join(scores, previous, policy.above(), scratch);
    }
    return scores;
  }

  private NDArray join(NDArray scores, Optional<NDArray> others, double weight, NDManager scratch) {
    return others.map(sum -> kernels.run("join", scratch, scores, sum, weight)).orElse(scores);
  }

  private Optional<NDArray> sum(List<NDArray> scores, NDManager scratch) {
    return scores.stream().reduce((a, b) -> kernels.run("join", scratch, a, b, 1.0));
  }
}
