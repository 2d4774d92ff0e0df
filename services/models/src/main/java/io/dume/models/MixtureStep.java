package io.dume.models;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;
import java.util.stream.LongStream;

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
  private final ChoiceListener listener;

  MixtureStep(
      ForwardPass forward,
      MergedManifest manifest,
      List<List<Mlp>> experts,
      ChoiceListener listener) {
    this.forward = forward;
    this.config = forward.config();
    this.kernels = forward.kernels();
    this.manifest = manifest;
    this.experts = experts;
    this.listener = listener;
  }

  /**
   * Makes the steps of a top-k mixture.
   *
   * @param call owns the gates on the device
   */
  Scoring.Steps topK(Routing.TopK routing, NDManager call) {
    RoutingPolicy policy = routing.policy();
    Gates all = gates(routing, call);
    List<List<Mlp>> chosen = all.mlps();
    List<Gate> gates = all.layers();
    if (policy.remembers()) {
      return (batch, ordinals, owner) -> remembering(batch, ordinals, policy, gates, chosen, owner);
    }
    return (batch, ordinals, owner) ->
        (layer, hidden, x, workspace) -> {
          Gate gate = gates.get(layer);
          NDManager own = workspace.owner();
          NDArray shares =
              kernels.run(
                  "route", own, x, gate.weight(), gate.bias(), policy.temperature(), policy.k());
          tell(batch, ordinals, layer, shares);
          return mix(chosen, layer, hidden, x, shares, own);
        };
  }

  /** Tells whoever listens which expert has the largest share of each token. */
  private void tell(Batch batch, int[] ordinals, int layer, NDArray shares) {
    if (listener == ChoiceListener.NONE) {
      return;
    }
    int[] chosen;
    try (NDArray largest = shares.argMax(1)) {
      chosen = Arrays.stream(largest.toLongArray()).mapToInt(Math::toIntExact).toArray();
    }
    int packed = 0;
    for (int row = 0; row < batch.rows(); row++) {
      int end = packed + batch.lengths()[row];
      listener.chosen(ordinals[row], layer, Arrays.copyOfRange(chosen, packed, end));
      packed = end;
    }
  }

  /**
   * Puts a router's gates on the device.
   *
   * @param call owns them
   */
  private Gates gates(Routing.TopK routing, NDManager call) {
    RouterWeights router = routing.router();
    router.requireSource(FeatureSource.MLP_INPUT);
    if (router.layers() != config.layers() || router.hiddenSize() != config.hiddenSize()) {
      throw new IllegalArgumentException(
          "the router is for %d layers and width %d, the model has %d and %d"
              .formatted(
                  router.layers(), router.hiddenSize(), config.layers(), config.hiddenSize()));
    }
    List<Integer> chosen = router.indexesIn(manifest);
    if (routing.policy().k() > chosen.size()) {
      throw new IllegalArgumentException(
          "top-k = " + routing.policy().k() + ": the router has " + chosen.size() + " experts");
    }
    List<Gate> gates = new ArrayList<>();
    for (int l = 0; l < config.layers(); l++) {
      Shape shape = new Shape(chosen.size(), config.hiddenSize());
      gates.add(new Gate(call.create(router.weight(l), shape), call.create(router.bias(l))));
    }
    return new Gates(
        chosen.stream().map(manifest.expertNames()::get).toList(),
        chosen.stream().map(experts::get).toList(),
        gates);
  }

  /** A router's experts, in its order, and what scores them in each layer. */
  private record Gates(List<String> names, List<List<Mlp>> mlps, List<Gate> layers) {}

  /** What scores the experts of a layer: (experts, d) and (experts). */
  private record Gate(NDArray weight, NDArray bias) {}

  /**
   * Makes the step of a sequence that is read on and on through a router.
   *
   * @param sequence owns the gates and what the step remembers
   */
  OngoingMixture ongoing(Routing.TopK routing, NDManager sequence) {
    Gates gates = gates(routing, sequence);
    RoutingPolicy policy = routing.policy();
    if (!policy.remembers()) {
      OngoingMixture.Chooser chooser =
          (layer, x, own) -> {
            Gate gate = gates.layers().get(layer);
            return kernels.run(
                "route", own, x, gate.weight(), gate.bias(), policy.temperature(), policy.k());
          };
      return new OngoingMixture(this, gates.names(), gates.mlps(), chooser, Integer.MAX_VALUE);
    }
    OngoingMemory memory =
        new OngoingMemory(kernels, policy, config.layers(), gates.names().size(), sequence);
    OngoingMixture.Chooser chooser =
        (layer, x, own) -> {
          Gate gate = gates.layers().get(layer);
          NDArray scores = memory.scores(layer, x, gate.weight(), gate.bias(), own);
          return kernels.run("choose", own, scores, policy.temperature(), policy.k());
        };
    // What a deeper layer scored for a token is there when the next one comes, and not before.
    int together = policy.above() > 0 ? 1 : Integer.MAX_VALUE;
    return new OngoingMixture(this, gates.names(), gates.mlps(), chooser, together);
  }

  /** Makes the step of a sequence that is read on and on through random experts. */
  OngoingMixture ongoing(Routing.UniformRandom routing) {
    SplittableRandom random = generator(routing, 0);
    OngoingMixture.Chooser chooser =
        (layer, x, own) -> {
          long[] drawn =
              LongStream.generate(() -> random.nextInt(experts.size()))
                  .limit(x.getShape().get(0))
                  .toArray();
          return kernels.run("pick", own, own.create(drawn), x, experts.size());
        };
    return new OngoingMixture(this, manifest.expertNames(), experts, chooser, Integer.MAX_VALUE);
  }

  /** Makes the step of one batch, which knows what its earlier tokens scored. */
  private ForwardPass.MlpStep remembering(
      Batch batch,
      int[] ordinals,
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
          tell(batch, ordinals, layer, shares);
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
        // Token by token, so that a text's beginning has the same whatever follows.
        for (int t = 0; t < length; t++) {
          for (long[] layer : choices) {
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
    return mix(columns, layer, hidden, x, shares, e -> true, owner);
  }

  /**
   * Adds the experts' outputs by their shares.
   *
   * @param shares (tokens, experts); closed, as x is
   * @param used false only for experts without a share of any token, which need not be asked
   */
  NDArray mix(
      List<List<Mlp>> columns,
      int layer,
      NDArray hidden,
      NDArray x,
      NDArray shares,
      IntPredicate used,
      NDManager owner) {
    NDArray sum = hidden;
    for (int e = 0; e < columns.size(); e++) {
      if (!used.test(e)) {
        continue;
      }
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
