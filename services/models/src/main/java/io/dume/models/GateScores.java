package io.dume.models;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;

/** What the gates score, layer by layer, gathered on the host. For one call and one thread. */
final class GateScores {

  private final Kernels kernels;
  private final NDManager call;
  private final int experts;
  private final List<NDArray> weights = new ArrayList<>();
  private final List<NDArray> biases = new ArrayList<>();
  private final List<List<float[]>> parts = new ArrayList<>();

  /**
   * @param call owns the gates on the device
   */
  GateScores(Kernels kernels, RouterWeights router, NDManager call) {
    this.kernels = kernels;
    this.call = call;
    experts = router.experts();
    for (int l = 0; l < router.layers(); l++) {
      weights.add(call.create(router.weight(l), new Shape(experts, router.hiddenSize())));
      biases.add(call.create(router.bias(l)));
      parts.add(new ArrayList<>());
    }
  }

  /** Scores features (tokens, d), which stay as they are. */
  void add(int layer, NDArray x) {
    try (NDManager scratch = call.newSubManager()) {
      parts
          .get(layer)
          .add(
              kernels
                  .run("scores", scratch, x, weights.get(layer), biases.get(layer))
                  .toFloatArray());
    }
  }

  /** Returns a step that scores what another step gets; nobody reads what the last one gives. */
  ForwardPass.MlpStep before(ForwardPass.MlpStep step) {
    int last = parts.size() - 1;
    return (layer, hidden, x, workspace) -> {
      add(layer, x);
      if (layer == last) {
        return hidden;
      }
      return step.apply(layer, hidden, x, workspace);
    };
  }

  /** Returns what was scored, in the order in which it came. */
  TokenScores all(List<String> names) {
    return new TokenScores(names, parts.stream().map(GateScores::joined).toList());
  }

  private static float[] joined(List<float[]> parts) {
    float[] all = new float[parts.stream().mapToInt(part -> part.length).sum()];
    int from = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, all, from, part.length);
      from += part.length;
    }
    return all;
  }
}
