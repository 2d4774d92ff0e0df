package io.dume.models;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The token embeddings of a merged model on a device, and nothing else of it: 4 · vocabulary · d
 * bytes in float32. A token's embedding is a feature that needs no forward pass, so neither
 * attention nor any expert's MLPs are there; see {@link FeatureSource#EMBEDDING}.
 *
 * <p>Loading reads the whole backbone once all the same, to compare it with the manifest's
 * fingerprint: statistics name the backbone that they are of. Experts count by their names and
 * fingerprints in the manifest; their files are looked at, not read. Safe for use by several
 * threads until closed.
 */
public final class TokenEmbeddings implements AutoCloseable {

  private final Path directory;
  private final ModelConfig config;
  private final NumericProfile profile;
  private final NDManager manager;
  private final Kernels kernels;
  private final NDArray embedding;
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile MergedManifest manifest;

  private TokenEmbeddings(MergedModel merged, Device device) throws IOException {
    directory = merged.directory();
    config = merged.config();
    manifest = merged.manifest();
    profile = NumericProfile.of(device);
    manager = NDManager.newBaseManager(device.toDjl(), LibTorch.ENGINE);
    kernels = new Kernels(device.toDjl());
    try {
      embedding = upload(merged);
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private NDArray upload(MergedModel merged) throws IOException {
    TensorFiles files = merged.backbone();
    Fingerprint read = new Fingerprint(config);
    NDArray uploaded =
        new WeightUploader(manager).upload(files, ModelTensors.EMBEDDING, Optional.of(read));
    for (TensorSpec spec : ModelTensors.backbone(config, TensorType.F32)) {
      if (!spec.name().equals(ModelTensors.EMBEDDING)) {
        MessageDigest digest = Fingerprint.sha256();
        files.stream(spec.name(), Optional.of(digest), (from, values, count) -> {});
        read.add(files.spec(spec.name()), digest);
      }
    }
    merged.verifyBackbone(read);
    return uploaded;
  }

  /**
   * Loads the embeddings of a directory that {@link MoErge} made.
   *
   * @throws InvalidModelException naming the file and the tensor or the field; also if the backbone
   *     is not the one that the manifest's fingerprint was taken of
   */
  public static TokenEmbeddings load(Path directory, Device device) throws IOException {
    LibTorch.engine();
    try (MergedModel merged = MergedModel.open(directory)) {
      return new TokenEmbeddings(merged, device);
    }
  }

  /**
   * Looks again at the directory, where experts may have come or gone. Nothing is loaded for that.
   *
   * @return true if it lists other experts than before; false if not, or if it holds another
   *     backbone now
   * @throws InvalidModelException if there is no manifest, or none that can be read
   */
  public synchronized boolean reload() throws IOException {
    MergedManifest now = MergedManifest.read(directory);
    if (!now.backboneFingerprint().equals(manifest.backboneFingerprint())
        || now.experts().equals(manifest.experts())) {
      return false;
    }
    manifest = now;
    return true;
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
   * Takes a record's features: in one layer, for each token that counts, its row of the matrix.
   *
   * @param sequences the record's sequences, none empty
   * @param contextDim how many positions of each count; at least 1
   * @throws IllegalArgumentException if the record is empty, or a sequence is empty, longer than
   *     the model allows after that cut, or outside the vocabulary
   */
  public RecordStatistics extract(int[][] sequences, int contextDim) {
    List<int[]> counted = Batch.counted(sequences, contextDim);
    Scoring.check(config, counted);
    long tokens = counted.stream().mapToLong(ids -> ids.length).sum();
    List<List<Integer>> runs = Batch.split(counted);
    RecordStatistics record =
        new RecordStatistics(
            kernels,
            manager.newSubManager(),
            1,
            config.hiddenSize(),
            RecordStatistics.Rows.ofFirst(runs, counted),
            tokens);
    try {
      for (List<Integer> run : runs) {
        Batch batch = Batch.of(run.stream().map(counted::get).toList());
        try (NDManager owner = manager.newSubManager()) {
          record.add(0, kernels.run("embed", owner, embedding, owner.create(batch.ids())));
        }
      }
    } catch (RuntimeException e) {
      record.close();
      throw e;
    }
    return record;
  }

  /**
   * Scores the whole vocabulary.
   *
   * @throws IllegalArgumentException if the router is not one of token embeddings, or not one of
   *     this backbone, or has an expert that the model lacks
   */
  public TokenScoreTable scores(RouterWeights router) {
    router.requireSource(FeatureSource.EMBEDDING);
    if (router.layers() != 1 || router.hiddenSize() != config.hiddenSize()) {
      throw new IllegalArgumentException(
          "the router has %d gates of width %d, token embeddings need one of width %d"
              .formatted(router.layers(), router.hiddenSize(), config.hiddenSize()));
    }
    List<String> names = router.namesIn(manifest);
    try (NDManager call = manager.newSubManager()) {
      GateScores scores = new GateScores(kernels, router, call);
      scores.add(0, embedding);
      return new TokenScoreTable(scores.all(names));
    }
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      kernels.close();
      manager.close();
    }
  }
}
