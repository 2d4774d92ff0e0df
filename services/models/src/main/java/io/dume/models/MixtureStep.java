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

  private final ForwardPass forward;
  private final ModelConfig config;
  private final Kernels kernels;
  private final MergedManifest manifest;
  private final List<List<Mlp>> experts;

  MixtureStep(ForwardPass forward, MergedManifest manifest, List<List<Mlp>> experts) {
    this.forward = forward;
    this.config = forward.config();
    this.kernels = forward.kernels();
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
    RoutingPolicy policy = routing.policy();
    if (policy.k() > chosen.size()) {
      throw new IllegalArgumentException(
          "top-k = " + policy.k() + ": the router has " + chosen.size() + " experts");
    }
    List<Gate> gates = new ArrayList<>();
    for (int l = 0; l < config.layers(); l++) {
      Shape shape = new Shape(chosen.size(), config.hiddenSize());
      gates.add(new Gate(call.create(router.weight(l), shape), call.create(router.bias(l))));
    }
    if (policy.remembers()) {
      return (batch, ordinals, owner) -> remembering(batch, policy, gates, chosen, owner);
    }
    ForwardPass.MlpStep step =
        (layer, hidden, x, workspace) -> {
          Gate gate = gates.get(layer);
          NDManager own = workspace.owner();
          NDArray shares =
              kernels.run(
                  "route", own, x, gate.weight(), gate.bias(), policy.temperature(), policy.k());
          return mix(chosen, layer, hidden, x, shares, own);
        };
    return (batch, ordinals, owner) -> step;
  }

  /** What scores the experts of a layer: (experts, d) and (experts). */
  private record Gate(NDArray weight, NDArray bias) {}

  /** Makes the step of one batch, which knows what its earlier tokens scored. */
  private ForwardPass.MlpStep remembering(
      Batch batch,
      RoutingPolicy policy,
      List<Gate> gates,
      List<List<Mlp>> chosen,
      NDManager owner) {
    RoutingMemory memory = new RoutingMemory(kernels, policy, batch, chosen.size(), owner);
    ForwardPass.MlpStep step =
        (layer, hidden, x, workspace) -> {
          NDManager own = workspace.owner();
          Gate gate = gates.get(layer);
          NDArray scores = memory.scores(x, gate.weight(), gate.bias(), own);
          NDArray shares = kernels.run("choose", own, scores, policy.temperature(), policy.k());
          return mix(chosen, layer, hidden, x, shares, own);
        };
    if (policy.above() > 0) {
      // Deeper layers' scores are not there yet when a shallower one asks: read the batch before.
      try (NDManager scratch = owner.newSubManager()) {
        forward.run(batch, step, scratch);
      }
      memory.nextPass();
    }
    return step;
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
