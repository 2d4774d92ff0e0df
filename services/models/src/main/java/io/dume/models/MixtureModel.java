package io.dume.models;

import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A merged model on a device: the averaged backbone and every expert's MLPs, in float32.
 *
 * <p>Loading checks every number to be finite and every fingerprint against the manifest. The
 * device holds 4 bytes a parameter of the backbone and of all experts, and as much again as one
 * expert's MLPs from the first use of {@link Routing.Average} on; the host holds one buffer of 16
 * MiB while loading.
 *
 * <p>A forward pass takes at most 8192 tokens at a time, pads included, unless one sequence is
 * longer. How sequences are grouped depends on their lengths alone, so the same input gives the
 * same bits on the same {@link NumericProfile}. Safe for use by several threads until closed; the
 * results that it returns are for one.
 */
public final class MixtureModel implements AutoCloseable {

  private final Path directory;
  private final ModelConfig config;
  private final MergedManifest manifest;
  private final NumericProfile profile;
  private final NDManager manager;
  private final Kernels kernels;
  private final ForwardPass forward;
  private final Scoring scoring;
  private final List<List<Mlp>> experts = new ArrayList<>();
  private Optional<List<Mlp>> average = Optional.empty();

  private MixtureModel(MergedModel merged, Device device) throws IOException {
    directory = merged.directory();
    config = merged.config();
    manifest = merged.manifest();
    profile = NumericProfile.of(device);
    manager = NDManager.newBaseManager(device.toDjl(), LibTorch.ENGINE);
    kernels = new Kernels(device.toDjl());
    try {
      WeightUploader uploader = new WeightUploader(manager);
      Fingerprint read = new Fingerprint(config);
      Backbone backbone = Backbone.load(config, merged.backbone(), uploader, Optional.of(read));
      merged.verifyBackbone(read);
      for (int e = 0; e < manifest.experts().size(); e++) {
        Fingerprint expert = new Fingerprint();
        experts.add(Mlp.load(config, merged.expert(e), uploader, Optional.of(expert)));
        merged.verifyExpert(e, expert);
      }
      forward = new ForwardPass(config, backbone, kernels, manager);
      scoring = new Scoring(forward, manager);
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Loads a directory that {@link MoErge} made.
   *
   * @throws InvalidModelException naming the file and the tensor or the field; also if the weights
   *     are not those that the manifest's fingerprints were taken of
   */
  public static MixtureModel load(Path directory, Device device) throws IOException {
    try (MergedModel merged = MergedModel.open(directory)) {
      return new MixtureModel(merged, device);
    }
  }

  /** Returns the configuration of the backbone. */
  public ModelConfig config() {
    return config;
  }

  /** Returns the experts and fingerprints. */
  public MergedManifest manifest() {
    return manifest;
  }

  /** Returns what the last bits of results depend on. */
  public NumericProfile numericProfile() {
    return profile;
  }

  /**
   * Runs a record through the backbone with one expert's MLPs and keeps every layer's features.
   *
   * @param expert the expert's index
   * @param sequences the record's sequences, none empty; only the first {@code contextDim} tokens
   *     of each are looked at, which is exact since attention is causal
   * @param contextDim at least 1
   * @throws IllegalArgumentException if the record is empty, or a sequence is empty, longer than
   *     the model allows after that cut, or outside the vocabulary
   */
  public RecordStatistics extract(int expert, int[][] sequences, int contextDim) {
    requireExpert(expert);
    if (contextDim < 1 || sequences.length == 0) {
      throw new IllegalArgumentException(
          sequences.length + " sequences with context_dim " + contextDim + ": nothing to extract");
    }
    List<int[]> cut =
        Arrays.stream(sequences)
            .map(ids -> ids.length > contextDim ? Arrays.copyOf(ids, contextDim) : ids)
            .toList();
    Scoring.check(config, cut);
    long tokens = cut.stream().mapToLong(ids -> ids.length).sum();
    RecordStatistics record =
        new RecordStatistics(kernels, manager.newSubManager(), config, cut.get(0).length, tokens);
    try {
      ForwardPass.MlpStep step = collecting(record, experts.get(expert));
      for (List<Integer> run : Batch.split(cut)) {
        try (NDManager owner = manager.newSubManager()) {
          forward.run(Batch.of(run.stream().map(cut::get).toList()), step, owner);
        }
      }
    } catch (RuntimeException e) {
      record.close();
      throw e;
    }
    return record;
  }

  private ForwardPass.MlpStep collecting(RecordStatistics record, List<Mlp> mlps) {
    return (layer, hidden, x, owner) -> {
      record.add(layer, x);
      if (layer == config.layers() - 1) {
        // Nobody looks at what comes after the last features.
        return hidden;
      }
      Mlp mlp = mlps.get(layer);
      return kernels.run("dense", owner, hidden, x, mlp.gate(), mlp.up(), mlp.down());
    };
  }

  /**
   * Computes the logits of every position.
   *
   * @param ids 1 to {@code max_position_embeddings} token ids
   * @return (ids, vocabulary), row-major
   * @throws IllegalArgumentException if the sequence is empty, too long or outside the vocabulary,
   *     or the routing does not fit this model
   */
  public float[] logits(int[] ids, Routing routing) {
    try (NDManager call = manager.newSubManager()) {
      return scoring.logits(ids, steps(routing, call));
    }
  }

  /**
   * Computes how well windows of text are predicted; windows are batched as fits.
   *
   * @param windows each 1 to {@code max_position_embeddings} token ids
   * @return one loss a window, in the same order
   * @throws IllegalArgumentException if a window is empty, too long or outside the vocabulary, or
   *     the routing does not fit this model
   */
  public List<WindowLoss> negativeLogLikelihood(List<int[]> windows, Routing routing) {
    try (NDManager call = manager.newSubManager()) {
      return scoring.losses(windows, steps(routing, call));
    }
  }

  private Scoring.Steps steps(Routing routing, NDManager call) {
    MixtureStep mixture = new MixtureStep(config, kernels, experts);
    if (routing instanceof Routing.TopK topK) {
      return mixture.topK(topK, call);
    }
    if (routing instanceof Routing.UniformRandom random) {
      return mixture.uniform(random);
    }
    ForwardPass.MlpStep dense;
    if (routing instanceof Routing.Oracle oracle) {
      requireExpert(oracle.expert());
      dense = forward.dense(experts.get(oracle.expert()));
    } else {
      dense = forward.dense(averageMlps());
    }
    return (batch, ordinals, owner) -> dense;
  }

  private synchronized List<Mlp> averageMlps() {
    if (average.isEmpty()) {
      try (MergedModel merged = MergedModel.open(directory)) {
        List<TensorFiles> files = new ArrayList<>();
        for (int e = 0; e < experts.size(); e++) {
          files.add(merged.expert(e));
        }
        average = Optional.of(Mlp.loadAverage(config, files, new WeightUploader(manager)));
      } catch (IOException e) {
        throw new UncheckedIOException(directory + ": averaging the experts' MLPs", e);
      }
    }
    return average.orElseThrow();
  }

  private void requireExpert(int expert) {
    if (expert < 0 || expert >= experts.size()) {
      throw new IllegalArgumentException(
          "expert " + expert + ": the model has experts 0 to " + (experts.size() - 1));
    }
  }

  @Override
  public void close() {
    kernels.close();
    manager.close();
  }
}
