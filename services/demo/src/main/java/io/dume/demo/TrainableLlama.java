package io.dume.demo;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import io.dume.demo.TrainingOptions.Sizes;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;

/**
 * A Llama model as plain NDArray operations, so that autograd sees each of them. It computes what
 * the models library computes, without what training does not need: grouped heads, biases, padding.
 *
 * <p>Weights are named and shaped as in a Hugging Face checkpoint, all float32 (out × in), and
 * belong to the manager given at construction. Not thread-safe.
 */
final class TrainableLlama {

  static final double ROPE_THETA = 10_000;
  static final double RMS_NORM_EPS = 1e-5;

  private final Sizes shape;
  private final Map<String, NDArray> weights = new LinkedHashMap<>();
  private final Positions positions;

  /**
   * What depends on places in the sequence alone.
   *
   * @param cosines t × head width
   * @param sines t × head width
   * @param halfTurn head width × head width: x·R swaps the halves of x and negates the one that
   *     comes first, a turn by a right angle
   * @param future t × t, added to scores: −∞ where a token would see a later one
   * @param scale what scores are multiplied by; an array that lives as long as the model, since the
   *     backward pass reads it when that of a plain number may be gone
   */
  private record Positions(
      NDArray cosines, NDArray sines, NDArray halfTurn, NDArray future, NDArray scale) {

    Positions first(long t, NDManager manager) {
      NDArray cos = cosines.get(":" + t);
      NDArray sin = sines.get(":" + t);
      NDArray mask = future.get(":" + t + ", :" + t);
      manager.attachAll(cos, sin, mask);
      return new Positions(cos, sin, halfTurn, mask, scale);
    }
  }

  private TrainableLlama(NDManager manager, Sizes shape, int context) {
    this.shape = shape;
    int width = shape.headWidth();
    float[] cos = new float[context * width];
    float[] sin = new float[context * width];
    for (int t = 0; t < context; t++) {
      for (int i = 0; i < width; i++) {
        double angle = t * Math.pow(ROPE_THETA, -2.0 * (i % (width / 2)) / width);
        cos[t * width + i] = (float) Math.cos(angle);
        sin[t * width + i] = (float) Math.sin(angle);
      }
    }
    float[] mask = new float[context * context];
    for (int t = 0; t < context; t++) {
      for (int other = t + 1; other < context; other++) {
        mask[t * context + other] = Float.NEGATIVE_INFINITY;
      }
    }
    positions =
        new Positions(
            manager.create(cos, new Shape(context, width)),
            manager.create(sin, new Shape(context, width)),
            manager.create(halfTurn(width), new Shape(width, width)),
            manager.create(mask, new Shape(context, context)),
            manager.create((float) (1 / Math.sqrt(width))));
  }

  /**
   * A model with random weights: normal, of deviation 1/√in for matrices and 0.04 for embeddings,
   * and the two matrices of a block that write into the residual stream smaller by √(2·layers).
   *
   * @param context the longest sequence of {@link #loss}
   */
  static TrainableLlama random(NDManager manager, Sizes shape, int context, long seed) {
    TrainableLlama model = new TrainableLlama(manager, shape, context);
    Random random = new Random(seed);
    shapes(shape)
        .forEach(
            (name, size) -> {
              float[] values = new float[(int) size.size()];
              if (size.dimension() == 1) {
                Arrays.fill(values, 1);
              } else {
                double deviation = deviation(name, size, shape.layers());
                for (int i = 0; i < values.length; i++) {
                  values[i] = (float) (deviation * random.nextGaussian());
                }
              }
              model.weights.put(name, manager.create(values, size));
            });
    return model;
  }

  /** A model with the weights given, float32 values in row-major order by name. */
  static TrainableLlama of(
      NDManager manager, Sizes shape, int context, Map<String, float[]> values) {
    TrainableLlama model = new TrainableLlama(manager, shape, context);
    shapes(shape)
        .forEach((name, size) -> model.weights.put(name, manager.create(values.get(name), size)));
    return model;
  }

  /** All weights by name, in the order of the blocks. */
  Map<String, NDArray> weights() {
    return Collections.unmodifiableMap(weights);
  }

  /** All weights as values, row-major, in the order of the blocks. */
  Map<String, float[]> values() {
    Map<String, float[]> values = new LinkedHashMap<>();
    weights.forEach((name, weight) -> values.put(name, weight.toFloatArray()));
    return values;
  }

  /** Marks the weights that autograd follows; returns them by name. */
  Map<String, NDArray> tune(Predicate<String> chosen) {
    Map<String, NDArray> tuned = new LinkedHashMap<>();
    weights.forEach(
        (name, weight) -> {
          if (chosen.test(name)) {
            weight.setRequiresGradient(true);
            tuned.put(name, weight);
          }
        });
    return tuned;
  }

  /** The weights of a model of these sizes: names in the order of the blocks, and shapes. */
  static Map<String, Shape> shapes(Sizes sizes) {
    int d = sizes.hidden();
    int f = sizes.feedForward();
    Map<String, Shape> shapes = new LinkedHashMap<>();
    shapes.put("model.embed_tokens.weight", new Shape(sizes.vocabulary(), d));
    for (int layer = 0; layer < sizes.layers(); layer++) {
      String prefix = "model.layers." + layer + ".";
      shapes.put(prefix + "input_layernorm.weight", new Shape(d));
      for (String projection : new String[] {"q", "k", "v", "o"}) {
        shapes.put(prefix + "self_attn." + projection + "_proj.weight", new Shape(d, d));
      }
      shapes.put(prefix + "post_attention_layernorm.weight", new Shape(d));
      shapes.put(prefix + "mlp.gate_proj.weight", new Shape(f, d));
      shapes.put(prefix + "mlp.up_proj.weight", new Shape(f, d));
      shapes.put(prefix + "mlp.down_proj.weight", new Shape(d, f));
    }
    shapes.put("model.norm.weight", new Shape(d));
    return shapes;
  }

  /**
   * Mean negative log-likelihood of each token but the first of its row, given those before it.
   *
   * @param ids int64, rows × (t+1), with t at most the context
   * @return a scalar of the manager of {@code ids}
   */
  NDArray loss(NDArray ids) {
    long last = ids.getShape().get(1) - 1;
    NDArray targets = ids.get(":, 1:").reshape(-1, 1);
    NDArray logits = logits(ids.get(":, :" + last)).reshape(-1, shape.vocabulary());
    return logits.logSoftmax(-1).gather(targets, 1).mean().neg();
  }

  /**
   * Scores of the next token.
   *
   * @param ids int64, rows × t
   * @return float32, rows × t × vocabulary, of the manager of {@code ids}
   */
  NDArray logits(NDArray ids) {
    Positions places = positions.first(ids.getShape().get(1), ids.getManager());
    NDArray embeddings = weights.get("model.embed_tokens.weight");
    NDArray x =
        ids.getNDArrayInternal().embedding(ids, embeddings, SparseFormat.DENSE).singletonOrThrow();
    for (int layer = 0; layer < shape.layers(); layer++) {
      String prefix = "model.layers." + layer + ".";
      NDArray seen = normed(x, prefix + "input_layernorm.weight");
      x = x.add(attention(seen, prefix + "self_attn.", places));
      x = x.add(mlp(normed(x, prefix + "post_attention_layernorm.weight"), prefix + "mlp."));
    }
    return linear(normed(x, "model.norm.weight"), "model.embed_tokens.weight");
  }

  private NDArray attention(NDArray x, String prefix, Positions places) {
    long rows = x.getShape().get(0);
    long t = x.getShape().get(1);
    NDArray q = rotated(heads(linear(x, prefix + "q_proj.weight"), rows, t), places);
    NDArray k = rotated(heads(linear(x, prefix + "k_proj.weight"), rows, t), places);
    NDArray v = heads(linear(x, prefix + "v_proj.weight"), rows, t);
    NDArray scores = q.mul(places.scale()).matMul(k.swapAxes(2, 3));
    NDArray mixed = scores.add(places.future()).softmax(-1).matMul(v).swapAxes(1, 2);
    return linear(mixed.reshape(rows, t, shape.hidden()), prefix + "o_proj.weight");
  }

  private NDArray mlp(NDArray x, String prefix) {
    NDArray gate = linear(x, prefix + "gate_proj.weight");
    NDArray silu = gate.mul(sigmoid(gate));
    return linear(silu.mul(linear(x, prefix + "up_proj.weight")), prefix + "down_proj.weight");
  }

  private static NDArray sigmoid(NDArray x) {
    return x.getNDArrayInternal().sigmoid();
  }

  private NDArray heads(NDArray x, long rows, long t) {
    return x.reshape(rows, t, shape.heads(), shape.headWidth()).swapAxes(1, 2);
  }

  /** The pairs (i, i + width/2) turned by their angles, as Hugging Face lays Llama heads out. */
  private static NDArray rotated(NDArray x, Positions places) {
    NDArray turned = x.matMul(places.halfTurn());
    return x.mul(places.cosines()).add(turned.mul(places.sines()));
  }

  private NDArray normed(NDArray x, String weight) {
    NDArray scale = x.square().mean(new int[] {-1}, true).add(RMS_NORM_EPS).sqrt();
    return x.div(scale).mul(weights.get(weight));
  }

  private NDArray linear(NDArray x, String weight) {
    NDArray matrix = weights.get(weight);
    return x.getNDArrayInternal().linear(x, matrix, null).singletonOrThrow();
  }

  private static float[] halfTurn(int width) {
    float[] values = new float[width * width];
    for (int i = 0; i < width / 2; i++) {
      values[(i + width / 2) * width + i] = -1;
      values[i * width + i + width / 2] = 1;
    }
    return values;
  }

  private static double deviation(String name, Shape size, int layers) {
    if (name.equals("model.embed_tokens.weight")) {
      return 0.04;
    }
    boolean writes = name.endsWith("o_proj.weight") || name.endsWith("down_proj.weight");
    return (writes ? 1 / Math.sqrt(2.0 * layers) : 1) / Math.sqrt(size.get(1));
  }
}
