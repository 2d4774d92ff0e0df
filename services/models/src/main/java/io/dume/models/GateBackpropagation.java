package io.dume.models;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.training.GradientCollector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The mixture's forward pass once more, as plain NDArray operations that autograd follows, with the
 * gates as the only leaves that have a gradient. Each expert computes its tokens alone, as in
 * {@link MixtureStep}.
 *
 * <p>With k of 2 or more the shares are the softmax over the chosen scores and carry the gradient
 * as they are. With k = 1 that share is 1 whatever the scores are; there it is p / p₀, with p the
 * chosen expert's probability among all and p₀ its present value: the same forward pass, and the
 * gradient of log p.
 *
 * <p>For one call and one thread.
 */
final class GateBackpropagation {

  private final ModelConfig config;
  private final Backbone backbone;
  private final List<List<Mlp>> experts;
  private final NDManager manager;

  /** The gates of one layer, leaves of the graph: (experts, d) and (experts). */
  private record Gate(NDArray weight, NDArray bias) {}

  /** What depends on places in a window alone; see {@link #places}. */
  private record Places(NDArray cosines, NDArray sines, NDArray halfTurn, NDArray future) {}

  /**
   * @param experts in the order of the gates' rows
   * @param manager owns all that is computed
   */
  GateBackpropagation(
      ModelConfig config, Backbone backbone, List<List<Mlp>> experts, NDManager manager) {
    this.config = config;
    this.backbone = backbone;
    this.experts = experts;
    this.manager = manager;
  }

  GateGradient gradient(
      List<int[]> windows, RouterWeights router, RoutingPolicy policy, double balance) {
    check(windows, router);
    if (policy.remembers() || policy.k() > experts.size() || !(balance >= 0)) {
      throw new IllegalArgumentException(
          "policy %s and balance %s with %d experts: gates are trained without memory, with at most as many experts a token as there are, and a balance of at least 0"
              .formatted(policy, balance, experts.size()));
    }
    List<Gate> gates = new ArrayList<>();
    for (int l = 0; l < config.layers(); l++) {
      NDArray weight =
          manager.create(router.weight(l), new Shape(experts.size(), config.hiddenSize()));
      NDArray bias = manager.create(router.bias(l));
      weight.setRequiresGradient(true);
      bias.setRequiresGradient(true);
      gates.add(new Gate(weight, bias));
    }
    double loss;
    double imbalance;
    try (GradientCollector collector = LibTorch.engine().newGradientCollector()) {
      List<NDArray> imbalances = new ArrayList<>();
      NDArray likelihood = loss(windows, gates, policy, imbalances);
      NDArray uneven =
          imbalances.stream().reduce(NDArray::add).orElseThrow().div(constant(imbalances.size()));
      collector.backward(balance == 0 ? likelihood : likelihood.add(uneven.mul(constant(balance))));
      loss = likelihood.getFloat();
      imbalance = uneven.getFloat();
    }
    List<float[]> weights = new ArrayList<>();
    List<float[]> biases = new ArrayList<>();
    for (Gate gate : gates) {
      weights.add(values(gate.weight().getGradient()));
      biases.add(values(gate.bias().getGradient()));
    }
    return new GateGradient(loss, imbalance, weights, biases);
  }

  private void check(List<int[]> windows, RouterWeights router) {
    int length = windows.isEmpty() ? 0 : windows.get(0).length;
    if (length < 2 || windows.stream().anyMatch(window -> window.length != length)) {
      throw new IllegalArgumentException(
          "%d windows, the first of %d tokens: at least one is needed, all of one length of at least 2 tokens"
              .formatted(windows.size(), length));
    }
    if (router.layers() != config.layers() || router.hiddenSize() != config.hiddenSize()) {
      throw new IllegalArgumentException(
          "the router is for %d layers and width %d, the model has %d and %d"
              .formatted(
                  router.layers(), router.hiddenSize(), config.layers(), config.hiddenSize()));
    }
  }

  private static float[] values(NDArray gradient) {
    try (gradient) {
      return gradient.toFloatArray();
    }
  }

  private NDArray loss(
      List<int[]> windows, List<Gate> gates, RoutingPolicy policy, List<NDArray> imbalances) {
    int rows = windows.size();
    int t = windows.get(0).length - 1;
    long[] inputs = new long[rows * t];
    long[] targets = new long[rows * t];
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < t; i++) {
        inputs[row * t + i] = windows.get(row)[i];
        targets[row * t + i] = windows.get(row)[i + 1];
      }
    }
    Places places = places(t);
    NDArray x = rows(backbone.embedding(), manager.create(inputs));
    for (int l = 0; l < config.layers(); l++) {
      Backbone.Layer layer = backbone.layers().get(l);
      x = x.add(attention(normed(x, layer.attentionNorm()), layer, rows, t, places));
      NDArray seen = normed(x, layer.mlpNorm());
      x = x.add(mixture(seen, l, gates.get(l), policy, imbalances));
    }
    NDArray logits = linear(normed(x, backbone.norm()), backbone.output());
    NDArray right = manager.create(targets, new Shape(targets.length, 1));
    return logits.logSoftmax(-1).gather(right, 1).mean().neg();
  }

  private NDArray attention(NDArray x, Backbone.Layer layer, long rows, long t, Places places) {
    long width = config.headDim();
    NDArray q = rotated(heads(x, layer.query(), rows, t, config.heads()), places);
    NDArray k = rotated(heads(x, layer.key(), rows, t, config.kvHeads()), places);
    NDArray v = heads(x, layer.value(), rows, t, config.kvHeads());
    int times = config.heads() / config.kvHeads();
    if (times > 1) {
      k = k.repeat(1, times);
      v = v.repeat(1, times);
    }
    NDArray scores = q.mul(constant(1 / Math.sqrt(width))).matMul(k.swapAxes(2, 3));
    NDArray mixed = scores.add(places.future()).softmax(-1).matMul(v).swapAxes(1, 2);
    return projected(mixed.reshape(rows * t, config.heads() * width), layer.output());
  }

  private NDArray heads(NDArray x, Backbone.Projection projection, long rows, long t, int count) {
    return projected(x, projection).reshape(rows, t, count, config.headDim()).swapAxes(1, 2);
  }

  /** The pairs (i, i + width/2) turned by their angles. */
  private static NDArray rotated(NDArray x, Places places) {
    return x.mul(places.cosines()).add(x.matMul(places.halfTurn()).mul(places.sines()));
  }

  private NDArray mixture(
      NDArray x, int layer, Gate gate, RoutingPolicy policy, List<NDArray> imbalances) {
    NDArray scores =
        x.getNDArrayInternal()
            .linear(x, gate.weight(), gate.bias())
            .singletonOrThrow()
            .div(constant(policy.temperature()));
    int tokens = Math.toIntExact(x.getShape().get(0));
    int k = policy.k();
    int[][] chosen = largest(scores.toFloatArray(), tokens, k);
    NDArray probabilities = scores.softmax(-1);
    imbalances.add(imbalance(probabilities, chosen));
    NDArray shares = k == 1 ? probabilities : scores.add(manager.create(masks(chosen))).softmax(-1);

    // Every expert's results one behind the other, and where each token finds its own.
    long[][] where = new long[k][tokens];
    NDList results = new NDList();
    long next = 0;
    for (int e = 0; e < experts.size(); e++) {
      List<Long> members = new ArrayList<>();
      for (int token = 0; token < tokens; token++) {
        for (int rank = 0; rank < k; rank++) {
          if (chosen[token][rank] == e) {
            where[rank][token] = next++;
            members.add((long) token);
          }
        }
      }
      if (!members.isEmpty()) {
        long[] indexes = members.stream().mapToLong(Long::longValue).toArray();
        results.add(mlp(rows(x, manager.create(indexes)), experts.get(e).get(layer)));
      }
    }
    NDArray all = NDArrays.concat(results, 0);
    NDArray sum = manager.zeros(x.getShape());
    for (int rank = 0; rank < k; rank++) {
      long[] expert = new long[tokens];
      for (int token = 0; token < tokens; token++) {
        expert[token] = chosen[token][rank];
      }
      NDArray share = shares.gather(manager.create(expert, new Shape(tokens, 1)), 1);
      if (k == 1) {
        share = share.div(share.stopGradient());
      }
      sum = sum.add(rows(all, manager.create(where[rank])).mul(share));
    }
    return sum;
  }

  /** For each token the k experts with the largest scores; of equal ones the first. */
  private int[][] largest(float[] scores, int tokens, int k) {
    int[][] chosen = new int[tokens][k];
    int n = experts.size();
    for (int token = 0; token < tokens; token++) {
      boolean[] taken = new boolean[n];
      for (int rank = 0; rank < k; rank++) {
        int best = -1;
        for (int e = 0; e < n; e++) {
          if (!taken[e] && (best < 0 || scores[token * n + e] > scores[token * n + best])) {
            best = e;
          }
        }
        taken[best] = true;
        chosen[token][rank] = best;
      }
    }
    return chosen;
  }

  private float[][] masks(int[][] chosen) {
    float[][] masks = new float[chosen.length][experts.size()];
    for (int token = 0; token < chosen.length; token++) {
      Arrays.fill(masks[token], Float.NEGATIVE_INFINITY);
      for (int e : chosen[token]) {
        masks[token][e] = 0;
      }
    }
    return masks;
  }

  private NDArray imbalance(NDArray probabilities, int[][] chosen) {
    int n = experts.size();
    float[] load = new float[n];
    for (int[] token : chosen) {
      for (int e : token) {
        load[e] += (float) n / (chosen.length * token.length);
      }
    }
    return probabilities.mean(new int[] {0}).mul(manager.create(load)).sum();
  }

  private static NDArray mlp(NDArray x, Mlp mlp) {
    NDArray gate = linear(x, mlp.gate());
    NDArray silu = gate.mul(gate.getNDArrayInternal().sigmoid());
    return linear(silu.mul(linear(x, mlp.up())), mlp.down());
  }

  private NDArray normed(NDArray x, NDArray weight) {
    NDArray scale = x.square().mean(new int[] {-1}, true).add((float) config.rmsNormEps()).sqrt();
    return x.div(scale).mul(weight);
  }

  private static NDArray linear(NDArray x, NDArray weight) {
    return x.getNDArrayInternal().linear(x, weight, null).singletonOrThrow();
  }

  private static NDArray projected(NDArray x, Backbone.Projection projection) {
    return x.getNDArrayInternal()
        .linear(x, projection.weight(), projection.bias())
        .singletonOrThrow();
  }

  /**
   * A factor that lives until all is done. An operation on a plain number makes an array of it,
   * whose memory Java may have back before the backward pass reads it: gradients were NaN once in
   * some thousand steps.
   */
  private NDArray constant(double value) {
    return manager.create((float) value);
  }

  /** Rows of a matrix by their indexes; autograd adds up what comes back for each. */
  private static NDArray rows(NDArray matrix, NDArray indexes) {
    return indexes
        .getNDArrayInternal()
        .embedding(indexes, matrix, SparseFormat.DENSE)
        .singletonOrThrow();
  }

  /**
   * Cosines and sines, t × head width; the matrix that swaps the halves of a head and negates the
   * one that comes first; and what is added to scores, t × t: −∞ where a token would see a later
   * one.
   */
  private Places places(int t) {
    int width = config.headDim();
    int half = width / 2;
    float[] cosines = new float[t * width];
    float[] sines = new float[t * width];
    float[] future = new float[t * t];
    float[] halfTurn = new float[width * width];
    for (int i = 0; i < half; i++) {
      double frequency = config.ropeScaling().scale(Math.pow(config.ropeTheta(), -2.0 * i / width));
      halfTurn[(i + half) * width + i] = -1;
      halfTurn[i * width + i + half] = 1;
      for (int place = 0; place < t; place++) {
        for (int at : new int[] {place * width + i, place * width + i + half}) {
          cosines[at] = (float) Math.cos(place * frequency);
          sines[at] = (float) Math.sin(place * frequency);
        }
      }
    }
    for (int place = 0; place < t; place++) {
      Arrays.fill(future, place * t + place + 1, place * t + t, Float.NEGATIVE_INFINITY);
    }
    return new Places(
        manager.create(cosines, new Shape(t, width)),
        manager.create(sines, new Shape(t, width)),
        manager.create(halfTurn, new Shape(width, width)),
        manager.create(future, new Shape(t, t)));
  }
}
