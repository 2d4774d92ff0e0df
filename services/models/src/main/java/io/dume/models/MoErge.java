package io.dume.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * MoErge (arXiv 2603.29765): makes one model directory out of dense experts. Every parameter
 * outside of the MLPs is averaged over the experts, and each expert's MLPs are kept.
 *
 * <p>An average is summed in float64 over the experts' values in the order of the list, divided by
 * their number and rounded once, to float32 unless told otherwise. MLPs keep their type, byte for
 * byte. At no time is more than one part of one tensor of all experts in memory.
 *
 * <p>The directory: {@code config.json}, {@code backbone.safetensors}, {@code
 * experts/NAME.safetensors}, {@code dume.json} (see {@link MergedManifest}) and the tokenizer's
 * files. The same experts give the same bytes. It is written beside its place and moved there at
 * the end, so a directory with that name is whole.
 *
 * <p>Experts can join and leave a merged directory while the backbone stays as it is: byte for byte
 * the same file with the same fingerprint, so statistics that were taken with it stay valid. Of an
 * expert that joins only the MLPs are taken. In place, whoever reads the directory at any moment
 * finds the old model or the new one, also after a kill or a power cut; of those who change it, one
 * at a time is let in.
 */
public final class MoErge {

  /**
   * An expert to merge.
   *
   * @param name its name: letters, digits, {@code . _ -}
   * @param directory its Hugging Face directory
   */
  public record Expert(String name, Path directory) {
    /** Checks the name. */
    public Expert {
      MergedManifest.requireName(name);
    }
  }

  /**
   * How to merge.
   *
   * @param backboneType element type of the averages: F32, F16 or BF16
   * @param force whether a merged model that is already there may be replaced
   */
  public record Options(TensorType backboneType, boolean force) {

    /** Float32 averages, and nothing is replaced. */
    public static final Options DEFAULT = new Options(TensorType.F32, false);

    /** Checks the type. */
    public Options {
      if (backboneType != TensorType.F32
          && backboneType != TensorType.F16
          && backboneType != TensorType.BF16) {
        throw new IllegalArgumentException(
            "dtype = " + backboneType + ": averages are written as F32, F16 or BF16");
      }
    }
  }

  /**
   * What a merge made.
   *
   * @param manifest the manifest that was written
   * @param warnings what the user should know, in plain sentences; empty if all was alike
   */
  public record Result(MergedManifest manifest, List<String> warnings) {
    /** Copies the warnings. */
    public Result {
      warnings = List.copyOf(warnings);
    }
  }

  /**
   * How far a tensor of an expert lies from the backbone's.
   *
   * @param tensor its name; empty if there is none
   * @param relative |expert − backbone| / max(|expert|, |backbone|), Frobenius norms: 0 to 2
   */
  public record Distance(String tensor, double relative) {
    static final Distance NONE = new Distance("", 0);

    Distance orLarger(Distance other) {
      return tensor.isEmpty() || other.relative > relative ? other : this;
    }
  }

  /**
   * What of an expert that joined was not taken, since the backbone stays as it is: 0 if it was
   * tuned in its MLPs alone from the model that the backbone equals. The further it is, the worse
   * the expert does in this backbone.
   *
   * @param name the expert
   * @param attention the tensor of the attention that differs most
   * @param rest the tensor that differs most of the norms, the embedding and the output layer
   */
  public record Addition(String name, Distance attention, Distance rest) {}

  /**
   * What a change of a merged model's experts made.
   *
   * @param manifest the manifest that was written
   * @param additions the experts that joined, in order
   * @param warnings what the user should know, in plain sentences
   */
  public record Change(MergedManifest manifest, List<Addition> additions, List<String> warnings) {
    /** Copies the lists. */
    public Change {
      additions = List.copyOf(additions);
      warnings = List.copyOf(warnings);
    }
  }

  private MoErge() {}

  /**
   * Adds experts to a merged directory in place, behind those that are there. Only their MLPs are
   * taken, byte for byte.
   *
   * @param merged a merged model; processes that have it loaded or are loading it are not disturbed
   * @param experts at least one
   * @throws InvalidModelException if an expert or the merged model cannot be read, or an expert
   *     does not fit: the message names the field and both values
   * @throws IllegalArgumentException if a name is taken, or the directory is being changed by
   *     someone else
   */
  public static Change add(Path merged, List<Expert> experts) throws IOException {
    return FrozenChange.add(merged, experts);
  }

  /**
   * Makes a directory with the experts of a merged one and more; see {@link #add(Path, List)}.
   * Weights that stay are hard links where that is possible, and copies elsewhere.
   *
   * @param base a merged model, which stays as it is
   * @param out as in {@link #merge}
   * @param force as in {@link Options#force}
   * @throws InvalidModelException if the base is changed while it is read, too
   */
  public static Change add(Path base, List<Expert> experts, Path out, boolean force)
      throws IOException {
    return FrozenChange.add(base, experts, out, force);
  }

  /**
   * Removes experts from a merged directory in place. The backbone stays as it is, an average over
   * them too if it was one.
   *
   * @param merged a merged model; processes that have it loaded or are loading it are not disturbed
   * @param names at least one; one expert must stay
   * @throws IllegalArgumentException if there is no expert of a name, none would be left, or the
   *     directory is being changed by someone else
   */
  public static Change remove(Path merged, List<String> names) throws IOException {
    return FrozenChange.remove(merged, names);
  }

  /**
   * Makes a directory with some of the experts of a merged one; see {@link #remove(Path, List)} and
   * {@link #add(Path, List, Path, boolean)}.
   */
  public static Change remove(Path base, List<String> names, Path out, boolean force)
      throws IOException {
    return FrozenChange.remove(base, names, out, force);
  }

  /**
   * Merges experts.
   *
   * @param experts the experts in the order of the router's columns; at least one
   * @param out the directory to make; must not exist, or be empty, or be a merged model with {@link
   *     Options#force}
   * @throws InvalidModelException if an expert cannot be read, or the experts do not fit together:
   *     the message names the field and both values
   * @throws IllegalArgumentException if a name stands twice or {@code out} must not be replaced
   */
  public static Result merge(List<Expert> experts, Path out, Options options) throws IOException {
    requireDistinct(experts);
    MergeTarget target = MergeTarget.prepare(out, options.force());
    List<Checkpoint> checkpoints = new ArrayList<>();
    try {
      for (Expert expert : experts) {
        checkpoints.add(Checkpoint.open(expert.directory()));
      }
      List<String> warnings = new ArrayList<>();
      ModelConfig config = MergedConfig.write(checkpoints, options, target.directory(), warnings);
      MergedTokenizer.copy(checkpoints, config.vocabSize(), target.directory(), warnings);
      String backbone = writeBackbone(checkpoints, config, options, target.directory());
      List<MergedManifest.Expert> kept = new ArrayList<>();
      Files.createDirectory(target.directory().resolve("experts"));
      for (int e = 0; e < experts.size(); e++) {
        String name = experts.get(e).name();
        kept.add(
            new MergedManifest.Expert(
                name,
                writeExpert(checkpoints.get(e), MergedModel.expertFile(target.directory(), name)),
                true));
      }
      MergedManifest manifest = new MergedManifest(kept, backbone);
      manifest.write(target.directory());
      target.moveIntoPlace();
      return new Result(manifest, warnings);
    } finally {
      for (Checkpoint checkpoint : checkpoints) {
        checkpoint.close();
      }
      target.close();
    }
  }

  static void requireDistinct(List<Expert> experts) {
    if (experts.isEmpty()) {
      throw new IllegalArgumentException("no expert is given: at least one is needed");
    }
    Set<String> names = new HashSet<>();
    for (Expert expert : experts) {
      if (!names.add(expert.name())) {
        throw new IllegalArgumentException("the expert name " + expert.name() + " is given twice");
      }
    }
  }

  private static String writeBackbone(
      List<Checkpoint> checkpoints, ModelConfig config, Options options, Path directory)
      throws IOException {
    List<TensorSpec> specs = ModelTensors.backbone(config, options.backboneType());
    Path file = directory.resolve(MergedModel.BACKBONE);
    try (SafetensorsWriter writer = new SafetensorsWriter(file, specs, Map.of())) {
      List<TensorFiles> models = checkpoints.stream().map(Checkpoint::tensors).toList();
      for (TensorSpec spec : specs) {
        // Vocabularies share their first rows, which are the first elements in row-major order.
        new TensorAverage(models, spec.name())
            .sendTo(
                spec.elements(),
                (from, values, count) -> writer.append(spec.name(), values, 0, count));
      }
      writer.finish();
    }
    return fingerprint(file, specs, new Fingerprint(config));
  }

  /** Writes an expert's MLPs as they are and returns their fingerprint. */
  static String writeExpert(Checkpoint checkpoint, Path file) throws IOException {
    List<TensorSpec> specs = new ArrayList<>();
    for (TensorSpec expected : ModelTensors.mlps(checkpoint.config(), TensorType.F32)) {
      specs.add(checkpoint.spec(expected.name()));
    }
    TensorFiles tensors = checkpoint.tensors();
    try (SafetensorsWriter writer = new SafetensorsWriter(file, specs, Map.of())) {
      for (TensorSpec spec : specs) {
        tensors.stream(
            spec.name(),
            Optional.empty(),
            (from, values, count) ->
                writer.appendBytes(spec.name(), tensors.bytes(spec.name(), from, count)));
      }
      writer.finish();
    }
    return fingerprint(file, specs, new Fingerprint());
  }

  /** Takes the fingerprint from the file as written, so that it vouches for what is on the disk. */
  private static String fingerprint(Path file, List<TensorSpec> specs, Fingerprint fingerprint)
      throws IOException {
    try (TensorFiles written = TensorFiles.open(List.of(file))) {
      for (TensorSpec spec : specs) {
        MessageDigest digest = Fingerprint.sha256();
        written.stream(spec.name(), Optional.of(digest), (from, values, count) -> {});
        fingerprint.add(spec, digest);
      }
    }
    return fingerprint.hex();
  }
}
