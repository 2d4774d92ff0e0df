package io.dume.models;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The MLP step of a mixture. Each expert computes the tokens that it has a share in and no others;
 * shares are added in the order of the router's experts, so sums depend neither on chance nor on
 * which other experts the model has.
 */
final class MixtureStep {

  private final ModelConfig config;
  private final Kernels kernels;
  private final MergedManifest manifest;
  private final List<List<Mlp>> experts;

  MixtureStep(
      ModelConfig config, Kernels kernels, MergedManifest manifest, List<List<Mlp>> experts) {
    this.config = config;
    this.kernels = kernels;
    this.manifest = manifest;
    this.experts = experts;
  }

  /**
   * Makes the steps of a top-k mixture.
   *
   * @param call owns the gates on the device
   */
  Scoring.Steps topK(Routing.TopK routing, NDManager call) {
    RouterWeights router = routing.router();
    if (router.layers() != config.layers() || router.hiddenSize() != config.hiddenSize()) {
      throw new IllegalArgumentException(
          "the router is for %d layers and width %d, the model has %d and %d"
              .formatted(
                  router.layers(), router.hiddenSize(), config.layers(), config.hiddenSize()));
    }
    List<List<Mlp>> chosen = router.indexesIn(manifest).stream().map(experts::get).toList();
    if (routing.k() > chosen.size()) {
      throw new IllegalArgumentException(
          "top-k = " + routing.k() + ": the router has " + chosen.size() + " experts");
    }
    List<NDArray> weights = new ArrayList<>();
    List<NDArray> biases = new ArrayList<>();
    for (int l = 0; l < config.layers(); l++) {
      Shape shape = new Shape(chosen.size(), config.hiddenSize());
      weights.add(call.create(router.weight(l), shape));
      biases.add(call.create(router.bias(l)));
    }
    ForwardPass.MlpStep step =
        (layer, hidden, x, workspace) ->
            mix(
                chosen,
                layer,
                hidden,
                x,
                kernels.run(
                    "route",
                    workspace.owner(),
                    x,
                    weights.get(layer),
                    biases.get(layer),
                    routing.temperature(),
                    routing.k()),
                workspace.owner());
    return (batch, ordinals, owner) -> step;
  }

  /** Makes the steps of uniformly random routing. */
  Scoring.Steps uniform(Routing.UniformRandom routing) {
    return (batch, ordinals, owner) -> {
      long[][] choices = new long[config.layers()][batch.tokens()];
      int packed = 0;
      for (int row = 0; row < batch.rows(); row++) {
        SplittableRandom random = generator(routing, ordinals[row]);
        int length = batch.lengths()[row];
        for (long[] layer : choices) {
          for (int t = 0; t < length; t++) {
            layer[packed + t] = random.nextInt(experts.size());
          }
        }
        packed += length;
      }
      return (layer, hidden, x, workspace) -> {
        NDManager own = workspace.owner();
        NDArray shares = kernels.run("pick", own, own.create(choices[layer]), x, experts.size());
        return mix(experts, layer, hidden, x, shares, own);
      };
    };
  }

  /**
   * The seed's own generator gives the ordinal's seed, so neighbours do not resemble each other.
   */
  private static SplittableRandom generator(Routing.UniformRandom routing, int ordinal) {
    long mixed = new SplittableRandom(routing.firstSequence() + ordinal).nextLong();
    return new SplittableRandom(routing.seed() ^ mixed);
  }

  private NDArray mix(
      List<List<Mlp>> columns,
      int layer,
      NDArray hidden,
      NDArray x,
      NDArray shares,
      NDManager owner) {
    NDArray sum = hidden;
    for (int e = 0; e < columns.size(); e++) {
      Mlp mlp = columns.get(e).get(layer);
      NDArray next = kernels.run("mix", owner, sum, x, shares, e, mlp.gate(), mlp.up(), mlp.down());
      if (sum != hidden) {
        sum.close();
      }
      sum = next;
    }
    shares.close();
    x.close();
    return sum;
  }
}
