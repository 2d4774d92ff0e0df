package io.dume.models;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The MLP of one layer on a device: {@code down(silu(gate(x)) * up(x))}.
 *
 * @param gate (inner, d)
 * @param up (inner, d)
 * @param down (d, inner)
 */
record Mlp(NDArray gate, NDArray up, NDArray down) {

  /** Loads the MLPs of all layers from one model. */
  static List<Mlp> load(
      ModelConfig config,
      TensorFiles files,
      WeightUploader uploader,
      Optional<Fingerprint> fingerprint)
      throws IOException {
    List<Mlp> mlps = new ArrayList<>();
    for (int l = 0; l < config.layers(); l++) {
      List<NDArray> parts = new ArrayList<>();
      for (String part : ModelTensors.MLP_PARTS) {
        parts.add(uploader.upload(files, ModelTensors.mlp(l, part), fingerprint));
      }
      mlps.add(of(parts));
    }
    return mlps;
  }

  /** Loads the average of several models' MLPs, computed in the way of {@link TensorAverage}. */
  static List<Mlp> loadAverage(
      ModelConfig config, List<TensorFiles> models, WeightUploader uploader) throws IOException {
    List<Mlp> mlps = new ArrayList<>();
    for (int l = 0; l < config.layers(); l++) {
      List<NDArray> parts = new ArrayList<>();
      for (String part : ModelTensors.MLP_PARTS) {
        String name = ModelTensors.mlp(l, part);
        TensorSpec spec = models.get(0).spec(name);
        TensorAverage average = new TensorAverage(models, name);
        parts.add(uploader.upload(spec, sink -> average.sendTo(spec.elements(), sink)));
      }
      mlps.add(of(parts));
    }
    return mlps;
  }

  private static Mlp of(List<NDArray> parts) {
    return new Mlp(parts.get(0), parts.get(1), parts.get(2));
  }
}
