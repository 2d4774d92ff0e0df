package io.dume.models;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * The Llama forward pass up to the last norm, in float32, with a step to be filled in where the MLP
 * of each layer is. Safe for use by several threads: nothing but the table of rotary angles
 * changes.
 */
final class ForwardPass {

  /** What happens in a layer after its attention. */
  @FunctionalInterface
  interface MlpStep {
    /**
     * Computes the residual stream after the MLP.
     *
     * @param layer the layer
     * @param hidden (tokens, d), the residual stream before; must stay as it is
     * @param x (tokens, d), the MLP's input; the step closes or keeps it
     * @param workspace of this pass; its manager owns both arrays and the result
     * @return (tokens, d), which may be {@code hidden} itself
     */
    NDArray apply(int layer, NDArray hidden, NDArray x, Workspace workspace);
  }

  private final ModelConfig config;
  private final Backbone backbone;
  private final Kernels kernels;
  private final Attention attention;
  private final RotaryTable rotary;

  ForwardPass(
      ModelConfig config,
      Backbone backbone,
      Kernels kernels,
      Attention attention,
      NDManager manager) {
    this.config = config;
    this.backbone = backbone;
    this.kernels = kernels;
    this.attention = attention;
    this.rotary = new RotaryTable(config, manager);
  }

  ModelConfig config() {
    return config;
  }

  Backbone backbone() {
    return backbone;
  }

  Kernels kernels() {
    return kernels;
  }

  /**
   * Runs a batch through all layers.
   *
   * @return (tokens, d), packed like the batch, before the last norm; owned by {@code owner}
   */
  NDArray run(Batch batch, MlpStep step, NDManager owner) {
    List<Object> layout = new ArrayList<>();
    layout.add(rotary.cosine(0, batch.length(), owner));
    layout.add(rotary.sine(0, batch.length(), owner));
    layout.addAll(attention.layout(batch, owner));
    addHeads(layout);
    return layers(batch.ids(), attention.function(), layer -> layout, step, owner);
  }

  /**
   * Runs the next tokens of one sequence through all layers, and keeps their keys and values.
   *
   * @param ids as many as the cache has room for
   * @return (ids, d), before the last norm; owned by {@code owner}
   */
  NDArray append(long[] ids, KeyValueCache cache, MlpStep step, NDManager owner) {
    int before = cache.length();
    NDArray cosine = rotary.cosine(before, before + ids.length, owner);
    NDArray sine = rotary.sine(before, before + ids.length, owner);
    cache.reserve(ids.length);
    NDArray hidden =
        layers(
            ids,
            "attend_after",
            layer -> {
              List<Object> layout = new ArrayList<>(List.of(cosine, sine));
              layout.addAll(cache.layout(layer));
              addHeads(layout);
              return layout;
            },
            step,
            owner);
    cache.grown(ids.length);
    return hidden;
  }

  private void addHeads(List<Object> layout) {
    layout.addAll(List.of(config.heads(), config.kvHeads(), config.headDim()));
  }

  private NDArray layers(
      long[] tokens,
      String function,
      IntFunction<List<Object>> layout,
      MlpStep step,
      NDManager owner) {
    NDArray ids = owner.create(tokens);
    Workspace workspace = new Workspace(kernels, owner);
    double eps = config.rmsNormEps();
    NDArray hidden = kernels.run("embed", owner, backbone.embedding(), ids);
    for (int l = 0; l < config.layers(); l++) {
      Backbone.Layer layer = backbone.layers().get(l);
      NDArray attended = attend(layer, hidden, function, layout.apply(l), owner);
      hidden.close();
      NDArray x = kernels.run("norm", owner, attended, layer.mlpNorm(), eps);
      hidden = step.apply(l, attended, x, workspace);
      if (hidden != attended) {
        attended.close();
      }
    }
    return hidden;
  }

  private NDArray attend(
      Backbone.Layer layer, NDArray hidden, String function, List<Object> layout, NDManager owner) {
    List<Object> arguments = new ArrayList<>();
    arguments.addAll(List.of(hidden, layer.attentionNorm(), config.rmsNormEps()));
    for (Backbone.Projection projection :
        List.of(layer.query(), layer.key(), layer.value(), layer.output())) {
      arguments.add(projection.weight());
      arguments.add(projection.bias());
    }
    arguments.addAll(layout);
    return kernels.run(function, owner, arguments.toArray());
  }

  /** Returns the step of one MLP for all tokens. */
  MlpStep dense(List<Mlp> mlps) {
    return (layer, hidden, x, workspace) -> {
      NDArray next = workspace.dense(mlps.get(layer), hidden, x);
      x.close();
      return next;
    };
  }

  /**
   * Cosines and sines of the rotary angles, computed in float64, for as many positions as needed.
   */
  private static final class RotaryTable {

    private final ModelConfig config;
    private final NDManager manager;
    private int capacity;
    private NDArray cosines;
    private NDArray sines;

    RotaryTable(ModelConfig config, NDManager manager) {
      this.config = config;
      this.manager = manager;
      fill(Math.min(256, config.maxPositionEmbeddings()));
    }

    synchronized NDArray cosine(int from, int to, NDManager owner) {
      grow(to);
      return part(cosines, from, to, owner);
    }

    synchronized NDArray sine(int from, int to, NDManager owner) {
      grow(to);
      return part(sines, from, to, owner);
    }

    private static NDArray part(NDArray table, int from, int to, NDManager owner) {
      NDArray part = table.get(new NDIndex().addSliceDim(from, to));
      part.attach(owner);
      return part;
    }

    private void grow(int positions) {
      if (positions > capacity) {
        cosines.close();
        sines.close();
        fill(Math.min(config.maxPositionEmbeddings(), Integer.highestOneBit(positions) * 2));
      }
    }

    private void fill(int positions) {
      int width = config.headDim();
      float[] cosine = new float[positions * width];
      float[] sine = new float[positions * width];
      for (int i = 0; i < width / 2; i++) {
        double plain = Math.pow(config.ropeTheta(), -2.0 * i / width);
        double frequency = config.ropeScaling().scale(plain);
        for (int position = 0; position < positions; position++) {
          int at = position * width + i;
          cosine[at] = (float) Math.cos(position * frequency);
          sine[at] = (float) Math.sin(position * frequency);
          // The second half of a head turns by the same angles.
          cosine[at + width / 2] = cosine[at];
          sine[at + width / 2] = sine[at];
        }
      }
      cosines = manager.create(cosine, new Shape(positions, width));
      sines = manager.create(sine, new Shape(positions, width));
      capacity = positions;
    }
  }
}
