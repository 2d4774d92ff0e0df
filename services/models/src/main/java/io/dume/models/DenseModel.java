package io.dume.models;

import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A dense expert on a device: its own backbone and its own MLPs, in float32. Safe for use by
 * several threads until closed.
 */
public final class DenseModel implements AutoCloseable {

  private final ModelConfig config;
  private final NDManager manager;
  private final Kernels kernels;
  private final Scoring scoring;
  private final ForwardPass forward;
  private final List<Mlp> mlps;
  private final ForwardPass.MlpStep step;

  private DenseModel(Checkpoint checkpoint, Device device, Attention attention) throws IOException {
    config = checkpoint.config();
    LibTorch.engine();
    manager = NDManager.newBaseManager(device.toDjl(), LibTorch.ENGINE);
    kernels = new Kernels(device.toDjl());
    try {
      WeightUploader uploader = new WeightUploader(manager);
      TensorFiles files = checkpoint.tensors();
      Backbone backbone = Backbone.load(config, files, uploader, Optional.empty());
      mlps = Mlp.load(config, files, uploader, Optional.empty());
      forward = new ForwardPass(config, backbone, kernels, attention, manager);
      scoring = new Scoring(forward, manager);
      step = forward.dense(mlps);
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Loads a Hugging Face directory.
   *
   * @throws InvalidModelException naming the file and the tensor or the field
   */
  public static DenseModel load(Path directory, Device device) throws IOException {
    return load(directory, device, Attention.on(device));
  }

  static DenseModel load(Path directory, Device device, Attention attention) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      return new DenseModel(checkpoint, device, attention);
    }
  }

  /** Returns the configuration. */
  public ModelConfig config() {
    return config;
  }

  /**
   * Computes the logits of every position.
   *
   * @param ids 1 to {@code max_position_embeddings} token ids
   * @return (ids, vocabulary), row-major
   * @throws IllegalArgumentException if the sequence is empty, too long, or outside the vocabulary
   */
  public float[] logits(int[] ids) {
    return scoring.logits(ids, (batch, ordinals, owner) -> step);
  }

  /**
   * Computes how well windows of text are predicted; windows are batched as fits.
   *
   * @param windows each 1 to {@code max_position_embeddings} token ids
   * @return one loss a window, in the same order
   * @throws IllegalArgumentException if a window is empty, too long, or outside the vocabulary
   */
  public List<WindowLoss> negativeLogLikelihood(List<int[]> windows) {
    return scoring.losses(windows, (batch, ordinals, owner) -> step);
  }

  /**
   * Begins a sequence that is read on and on, as text is when it is written token by token.
   *
   * @return a sequence without tokens, to be closed before this model
   */
  public Generation generation() {
    Generation.Step ongoing = Generation.dense(forward, mlps, List.of(), new float[0]);
    return new Generation(forward, ongoing, manager.newSubManager());
  }

  @Override
  public void close() {
    kernels.close();
    manager.close();
  }
}
