package io.dume.models;

import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A merged model on a device: the averaged backbone and every expert's MLPs, in float32.
 *
 * <p>Loading checks every number to be finite and every fingerprint against the manifest. The
 * device holds 4 bytes a parameter of the backbone and of all experts, and as much again as one
 * expert's MLPs from the first use of {@link Routing.Average} on; the host holds one buffer of 16
 * MiB while loading.
 *
 * <p>A forward pass takes at most 8192 tokens at a time, counted as if each sequence were as long
 * as the longest, unless one sequence is longer. How sequences are grouped depends on their lengths
 * alone, on every device, so the same input gives the same bits on the same {@link NumericProfile}.
 * Safe for use by several threads until closed; the results that it returns are for one.
 *
 * <p>A loaded model keeps its experts, whatever becomes of the directory; {@link #reload} gives one
 * of those that are there now.
 */
public final class MixtureModel implements AutoCloseable {

  private final Path directory;
  private final MergedManifest manifest;
  private final Shared<LoadedBackbone> backbone;
  private final List<Shared<List<Mlp>>> experts;
  private final NDManager own;
  private final AtomicBoolean closed = new AtomicBoolean();
  private Optional<List<Mlp>> average = Optional.empty();

  private MixtureModel(
      Path directory,
      MergedManifest manifest,
      Shared<LoadedBackbone> backbone,
      List<Shared<List<Mlp>>> experts) {
    this.directory = directory;
    this.manifest = manifest;
    this.backbone = backbone;
    this.experts = List.copyOf(experts);
    this.own = backbone.value().manager().newSubManager();
  }

  /**
   * Loads a directory that {@link MoErge} made.
   *
   * @throws InvalidModelException naming the file and the tensor or the field; also if the weights
   *     are not those that the manifest's fingerprints were taken of
   */
  public static MixtureModel load(Path directory, Device device) throws IOException {
    try (MergedModel merged = MergedModel.open(directory)) {
      LoadedBackbone loaded = new LoadedBackbone(merged, device);
      return assemble(merged, new Shared<>(loaded, loaded::close), Map.of());
    }
  }

  /**
   * Looks again at the directory, where experts may have come or gone. What stays is shared by both
   * models and on the device once; only experts that are new are read.
   *
   * @return a model of the experts that the directory lists now, to be closed beside this one, in
   *     any order; empty if they are the same in the same order, or the directory holds another
   *     backbone now
   * @throws InvalidModelException if there is none or a new expert's file is not valid, as {@link
   *     #load} does
   * @throws IllegalStateException if this model is closed
   */
  public Optional<MixtureModel> reload() throws IOException {
    if (!hasOtherExperts(MergedManifest.read(directory))) {
      return Optional.empty();
    }
    try (MergedModel merged = MergedModel.open(directory)) {
      if (!hasOtherExperts(merged.manifest())) {
        return Optional.empty();
      }
      Map<String, Shared<List<Mlp>>> present = new HashMap<>();
      for (int e = 0; e < experts.size(); e++) {
        present.put(manifest.experts().get(e).fingerprint(), experts.get(e));
      }
      return Optional.of(assemble(merged, backbone.share(), present));
    }
  }

  private boolean hasOtherExperts(MergedManifest other) {
    return other.backboneFingerprint().equals(manifest.backboneFingerprint())
        && !other.experts().equals(manifest.experts());
  }

  /** Takes over a hold of the backbone; takes holds of its own of the experts that are present. */
  private static MixtureModel assemble(
      MergedModel merged, Shared<LoadedBackbone> backbone, Map<String, Shared<List<Mlp>>> present)
      throws IOException {
    List<Shared<List<Mlp>>> experts = new ArrayList<>();
    try {
      WeightUploader uploader = new WeightUploader(backbone.value().manager());
      for (int e = 0; e < merged.manifest().experts().size(); e++) {
        String fingerprint = merged.manifest().experts().get(e).fingerprint();
        experts.add(
            present.containsKey(fingerprint)
                ? present.get(fingerprint).share()
                : backbone.value().loadExpert(merged, e, uploader));
      }
      return new MixtureModel(merged.directory(), merged.manifest(), backbone, experts);
    } catch (IOException | RuntimeException e) {
      experts.forEach(Shared::release);
      backbone.release();
      throw e;
    }
  }

  /** Returns the configuration of the backbone. */
  public ModelConfig config() {
    return backbone.value().config();
  }

  /** Returns the experts and fingerprints. */
  public MergedManifest manifest() {
    return manifest;
  }

  /** Returns what the last bits of results depend on. */
  public NumericProfile numericProfile() {
    return backbone.value().profile();
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
    List<int[]> cut = Batch.counted(sequences, contextDim);
    LoadedBackbone loaded = backbone.value();
    NDManager manager = loaded.manager();
    Scoring.check(loaded.config(), cut);
    long tokens = cut.stream().mapToLong(ids -> ids.length).sum();
    List<List<Integer>> runs = Batch.byLength(cut);
    RecordStatistics record =
        new RecordStatistics(
            loaded.kernels(),
            manager.newSubManager(),
            loaded.config().layers(),
            loaded.config().hiddenSize(),
            RecordStatistics.Rows.ofFirst(runs, cut),
            tokens);
    try {
      ForwardPass.MlpStep step = collecting(record, experts.get(expert).value());
      for (List<Integer> run : runs) {
        try (NDManager owner = manager.newSubManager()) {
          loaded.forward().run(Batch.of(run.stream().map(cut::get).toList()), step, owner);
        }
      }
    } catch (RuntimeException e) {
      record.close();
      throw e;
    }
    return record;
  }

  private ForwardPass.MlpStep collecting(RecordStatistics record, List<Mlp> mlps) {
    int last = config().layers() - 1;
    return (layer, hidden, x, workspace) -> {
      record.add(layer, x);
      if (layer == last) {
        // Nobody looks at what comes after the last features.
        return hidden;
      }
      return workspace.dense(mlps.get(layer), hidden, x);
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
    try (NDManager call = own.newSubManager()) {
      return backbone.value().scoring().logits(ids, steps(routing, ChoiceListener.NONE, call));
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
    return negativeLogLikelihood(windows, routing, ChoiceListener.NONE);
  }

  /**
   * Computes the same, and tells which experts were chosen.
   *
   * @param listener hears of {@link Routing.TopK}; other routings have nothing to tell
   */
  public List<WindowLoss> negativeLogLikelihood(
      List<int[]> windows, Routing routing, ChoiceListener listener) {
    try (NDManager call = own.newSubManager()) {
      return backbone.value().scoring().losses(windows, steps(routing, listener, call));
    }
  }

  /**
   * Scores the tokens of windows by every layer's gate, each by itself: the forward pass follows
   * the routing's policy, what is returned remembers nothing. Windows are batched as fits.
   *
   * @param windows each 1 to {@code max_position_embeddings} token ids
   * @return the scores of all windows' tokens, one window after the other
   * @throws IllegalArgumentException if a window is empty, too long or outside the vocabulary, or
   *     the router does not fit this model
   */
  public TokenScores tokenScores(List<int[]> windows, Routing.TopK routing) {
    Scoring.check(config(), windows);
    ForwardPass forward = backbone.value().forward();
    try (NDManager call = own.newSubManager()) {
      Scoring.Steps steps = steps(routing, ChoiceListener.NONE, call);
      GateScores scores = new GateScores(forward.kernels(), routing.router(), call);
      for (List<Integer> run : Batch.split(windows)) {
        int[] ordinals = run.stream().mapToInt(i -> i).toArray();
        try (NDManager owner = call.newSubManager()) {
          Batch batch = Batch.of(run.stream().map(windows::get).toList());
          forward.run(batch, scores.before(steps.forBatch(batch, ordinals, owner)), owner);
        }
      }
      return scores.all(routing.router().namesIn(manifest));
    }
  }

  /**
   * Begins a sequence that is read on and on, as text is when it is written token by token.
   *
   * @param routing as in {@link #logits}; a random one draws token by token here, so other experts
   *     than there
   * @return a sequence without tokens, to be closed before this model
   * @throws IllegalArgumentException if the routing does not fit this model
   */
  public Generation generation(Routing routing) {
    NDManager sequence = own.newSubManager();
    try {
      return new Generation(backbone.value().forward(), ongoing(routing, sequence), sequence);
    } catch (RuntimeException e) {
      sequence.close();
      throw e;
    }
  }

  private Generation.Step ongoing(Routing routing, NDManager sequence) {
    List<List<Mlp>> mlps = mlps();
    ForwardPass forward = backbone.value().forward();
    MixtureStep mixture = new MixtureStep(forward, manifest, mlps, ChoiceListener.NONE);
    if (routing instanceof Routing.TopK topK) {
      return mixture.ongoing(topK, sequence);
    }
    if (routing instanceof Routing.UniformRandom random) {
      return mixture.ongoing(random);
    }
    if (routing instanceof Routing.Oracle oracle) {
      requireExpert(oracle.expert());
      float[] shares = new float[experts.size()];
      shares[oracle.expert()] = 1;
      List<Mlp> chosen = mlps.get(oracle.expert());
      return Generation.dense(forward, chosen, manifest.expertNames(), shares);
    }
    return Generation.dense(forward, averageMlps(), List.of(), new float[0]);
  }

  private List<List<Mlp>> mlps() {
    return experts.stream().map(Shared::value).toList();
  }

  /**
   * Computes how the loss on some windows changes with a router's gates, and with nothing else: all
   * weights of the model stay as they are. One call at a time in a JVM, since libtorch's autograd
   * as DJL offers it has one tape.
   *
   * @param windows at least one, all of the same length of 2 or more tokens
   * @param router the gates
   * @param policy how many experts and with what temperature; must not remember anything
   * @param balance weight of the load-balancing loss that is added; at least 0
   * @throws IllegalArgumentException if windows, router, policy or balance do not fit, naming what
   */
  public GateGradient gateGradient(
      List<int[]> windows, RouterWeights router, RoutingPolicy policy, double balance) {
    router.requireSource(FeatureSource.MLP_INPUT);
    Scoring.check(config(), windows);
    List<List<Mlp>> mlps =
        router.indexesIn(manifest).stream().map(e -> experts.get(e).value()).toList();
    try (NDManager call = own.newSubManager()) {
      return new GateBackpropagation(config(), backbone.value().forward().backbone(), mlps, call)
          .gradient(windows, router, policy, balance);
    }
  }

  private Scoring.Steps steps(Routing routing, ChoiceListener listener, NDManager call) {
    List<List<Mlp>> mlps = mlps();
    ForwardPass forward = backbone.value().forward();
    MixtureStep mixture = new MixtureStep(forward, manifest, mlps, listener);
    if (routing instanceof Routing.TopK topK) {
      return mixture.topK(topK, call);
    }
    if (routing instanceof Routing.UniformRandom random) {
      return mixture.uniform(random);
    }
    ForwardPass.MlpStep dense;
    if (routing instanceof Routing.Oracle oracle) {
      requireExpert(oracle.expert());
      dense = forward.dense(mlps.get(oracle.expert()));
    } else {
      dense = forward.dense(averageMlps());
    }
    return (batch, ordinals, owner) -> dense;
  }

  private synchronized List<Mlp> averageMlps() {
    if (average.isEmpty()) {
      try (MergedModel merged = MergedModel.open(directory)) {
        List<TensorFiles> files = new ArrayList<>();
        for (MergedManifest.Expert expert : manifest.experts()) {
          files.add(merged.expert(merged.indexOf(expert)));
        }
        average = Optional.of(Mlp.loadAverage(config(), files, new WeightUploader(own)));
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
    if (closed.compareAndSet(false, true)) {
      own.close();
      experts.forEach(Shared::release);
      backbone.release();
    }
  }
}
