package io.dume.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Writes a merged model and a router as one checkpoint that other software loads: safetensors
 * shards with their index, configuration, tokenizer. The experts are the router's, in its order.
 *
 * <p>At no time is more than one part of one tensor in memory. Every number is checked to be finite
 * in the type that it is written in, and what is read is checked against the model's fingerprints.
 * The directory is written beside its place and moved there at the end, so a directory with that
 * name is whole.
 */
public final class MixtureExport {

  /**
   * How to write.
   *
   * @param layout the layout; without one the first that can express the mixture, in the order of
   *     {@link ExportLayout}
   * @param type element type of all tensors: F32, F16 or BF16; a number that is not of it is
   *     rounded to nearest, ties to even
   * @param maxShardBytes the most bytes of tensors in a file; a larger tensor has one of its own
   * @param policy how the gates choose
   */
  public record Options(
      Optional<ExportLayout> layout, TensorType type, long maxShardBytes, RoutingPolicy policy) {
    /** Checks type and size. */
    public Options {
      if (type != TensorType.F32 && type != TensorType.F16 && type != TensorType.BF16) {
        throw new IllegalArgumentException(
            "dtype = " + type + ": a mixture is written as F32, F16 or BF16");
      }
      if (maxShardBytes < 1) {
        throw new IllegalArgumentException(
            "max-shard-size = " + maxShardBytes + " bytes: give at least 1");
      }
    }
  }

  /**
   * What was written.
   *
   * @param layout the layout
   * @param shards how many files of weights
   * @param bytes of all tensors
   */
  public record Result(ExportLayout layout, int shards, long bytes) {}

  private final MergedModel merged;
  private final ExportLayout.Mixture mixture;
  private final List<Integer> experts;
  private final ExportLayout layout;
  private final TensorType type;

  private MixtureExport(
      MergedModel merged,
      ExportLayout.Mixture mixture,
      List<Integer> experts,
      ExportLayout layout,
      TensorType type) {
    this.merged = merged;
    this.mixture = mixture;
    this.experts = experts;
    this.layout = layout;
    this.type = type;
  }

  /**
   * Writes a mixture.
   *
   * @param model a directory that {@link MoErge} made
   * @param router the gates, of some or all of the model's experts
   * @param out the directory to make; must not exist or be empty
   * @throws InvalidModelException if the model can't be read, or is not the one of its fingerprints
   * @throws IllegalArgumentException if router and model do not fit, the layout can't express the
   *     mixture, a number is too large for the type, or something is in {@code out}; the message
   *     gives the remedy
   */
  public static Result write(Path model, RouterWeights router, Options options, Path out)
      throws IOException {
    requireEmpty(out);
    try (MergedModel merged = MergedModel.open(model)) {
      ExportLayout.Mixture mixture =
          new ExportLayout.Mixture(merged.config(), router, options.policy());
      List<Integer> experts = requireFit(merged, mixture);
      ExportLayout layout = options.layout().orElseGet(() -> ExportLayout.of(mixture));
      Optional<String> obstacle = layout.obstacle(mixture);
      if (obstacle.isPresent()) {
        throw new IllegalArgumentException(obstacle.get());
      }
      return new MixtureExport(merged, mixture, experts, layout, options.type())
          .write(options.maxShardBytes(), out);
    }
  }

  private static void requireEmpty(Path out) throws IOException {
    if (Files.isDirectory(out)) {
      try (Stream<Path> entries = Files.list(out)) {
        if (entries.findAny().isPresent()) {
          throw new IllegalArgumentException(out + ": not empty: choose another directory");
        }
      }
    }
  }

  private static List<Integer> requireFit(MergedModel merged, ExportLayout.Mixture mixture) {
    RouterWeights router = mixture.router();
    router.requireSource(FeatureSource.MLP_INPUT);
    ModelConfig config = merged.config();
    if (router.layers() != config.layers() || router.hiddenSize() != config.hiddenSize()) {
      throw new IllegalArgumentException(
          "the router is for %d layers and width %d, the model has %d and %d"
              .formatted(
                  router.layers(), router.hiddenSize(), config.layers(), config.hiddenSize()));
    }
    List<Integer> experts = router.indexesIn(merged.manifest());
    if (mixture.policy().k() > experts.size()) {
      throw new IllegalArgumentException(
          "top-k = %d: the router has %d experts".formatted(mixture.policy().k(), experts.size()));
    }
    return experts;
  }

  private Result write(long maxShardBytes, Path out) throws IOException {
    ExportShards shards = new ExportShards(tensors(), maxShardBytes);
    try (MergeTarget target = MergeTarget.prepare(out, false)) {
      Path directory = target.directory();
      ReadWeights read = new ReadWeights();
      for (int shard = 0; shard < shards.count(); shard++) {
        try (SafetensorsWriter writer = shards.writer(shard, directory)) {
          for (ExportedTensor tensor : shards.tensors(shard)) {
            write(tensor, writer, read);
          }
          writer.finish();
        }
      }
      read.verify();
      shards.writeIndex(directory);
      new ExportFiles(merged.directory(), mixture, layout, type).write(directory);
      target.moveIntoPlace();
    }
    return new Result(layout, shards.count(), shards.bytes());
  }

  /** The backbone's tensors with each layer's gate and additions, then expert by expert. */
  private List<ExportedTensor> tensors() {
    ModelConfig config = mixture.config();
    List<ExportedTensor> tensors = new ArrayList<>();
    for (TensorSpec spec : ModelTensors.backbone(config, type)) {
      tensors.add(new ExportedTensor.OfBackbone(spec, spec.name()));
    }
    for (int l = 0; l < config.layers(); l++) {
      addGate(l, tensors);
      for (String part : layout.absentBiases(config)) {
        long width =
            switch (part) {
              case "q_proj" -> (long) config.heads() * config.headDim();
              case "o_proj" -> config.hiddenSize();
              default -> (long) config.kvHeads() * config.headDim();
            };
        addZeros(ModelTensors.layer(l, "self_attn." + part + ".bias"), tensors, width);
      }
      if (layout == ExportLayout.QWEN2_MOE) {
        addZeros(layout.block(l) + "shared_expert_gate.weight", tensors, 1, config.hiddenSize());
        String shared = layout.block(l) + "shared_expert.";
        addZeros(shared + "gate_proj.weight", tensors, 1, config.hiddenSize());
        addZeros(shared + "up_proj.weight", tensors, 1, config.hiddenSize());
        addZeros(shared + "down_proj.weight", tensors, config.hiddenSize(), 1);
      }
    }
    for (int row = 0; row < experts.size(); row++) {
      for (int l = 0; l < config.layers(); l++) {
        for (String part : ModelTensors.MLP_PARTS) {
          long inner = config.intermediateSize();
          long d = config.hiddenSize();
          String name = layout.expert(l, row, part);
          TensorSpec spec =
              part.equals("down_proj")
                  ? TensorSpec.of(name, type, d, inner)
                  : TensorSpec.of(name, type, inner, d);
          tensors.add(new ExportedTensor.OfExpert(spec, row, ModelTensors.mlp(l, part)));
        }
      }
    }
    return tensors;
  }

  private void addZeros(String name, List<ExportedTensor> tensors, long... shape) {
    tensors.add(new ExportedTensor.Zeros(TensorSpec.of(name, type, shape)));
  }

  private void addGate(int layer, List<ExportedTensor> tensors) {
    RouterWeights router = mixture.router();
    float[] weight = router.weight(layer);
    double divisor = layout.divisor(mixture.policy());
    for (int i = 0; i < weight.length; i++) {
      weight[i] = (float) (weight[i] / divisor);
    }
    String gate = layout.block(layer) + "gate.";
    tensors.add(
        new ExportedTensor.OfGate(
            TensorSpec.of(gate + "weight", type, router.experts(), router.hiddenSize()), weight));
    if (layout == ExportLayout.DUME) {
      tensors.add(
          new ExportedTensor.OfGate(
              TensorSpec.of(gate + "bias", type, router.experts()), router.bias(layer)));
    }
  }

  private void write(ExportedTensor tensor, SafetensorsWriter writer, ReadWeights read)
      throws IOException {
    TensorSpec spec = tensor.spec();
    if (tensor instanceof ExportedTensor.OfBackbone backbone) {
      copy(merged.backbone(), backbone.source(), spec, writer, read.backbone);
    } else if (tensor instanceof ExportedTensor.OfExpert expert) {
      copy(
          merged.expert(experts.get(expert.row())),
          expert.source(),
          spec,
          writer,
          read.experts.computeIfAbsent(expert.row(), row -> new Fingerprint()));
    } else if (tensor instanceof ExportedTensor.OfGate gate) {
      requireFits(spec, 0, gate.values(), gate.values().length);
      writer.write(spec.name(), gate.values());
    } else {
      writer.write(spec.name(), new float[Math.toIntExact(spec.elements())]);
    }
  }

  private static void copy(
      TensorFiles from,
      String source,
      TensorSpec spec,
      SafetensorsWriter writer,
      Fingerprint fingerprint)
      throws IOException {
    MessageDigest digest = Fingerprint.sha256();
    from.stream(
        source,
        Optional.of(digest),
        (first, values, count) -> {
          requireFits(spec, first, values, count);
          writer.append(spec.name(), values, 0, count);
        });
    fingerprint.add(from.spec(source), digest);
  }

  /** Half precision ends at 65504; what is larger would become infinite. */
  private static void requireFits(TensorSpec spec, long first, float[] values, int count) {
    for (int i = 0; i < count; i++) {
      float rounded =
          switch (spec.type()) {
            case F16 -> HalfPrecision.fromFloat16(HalfPrecision.toFloat16(values[i]));
            case BF16 -> HalfPrecision.fromBfloat16(HalfPrecision.toBfloat16(values[i]));
            default -> values[i];
          };
      if (!Float.isFinite(rounded)) {
        throw new IllegalArgumentException(
            "tensor %s: element %d is %s, too large for %s: give --dtype float32"
                .formatted(spec.name(), first + i, values[i], spec.type()));
      }
    }
  }

  /** The fingerprints of what went by. */
  private final class ReadWeights {
    private final Fingerprint backbone = new Fingerprint(mixture.config());
    private final Map<Integer, Fingerprint> experts = new HashMap<>();

    void verify() throws InvalidModelException {
      merged.verifyBackbone(backbone);
      for (Map.Entry<Integer, Fingerprint> expert : experts.entrySet()) {
        merged.verifyExpert(MixtureExport.this.experts.get(expert.getKey()), expert.getValue());
      }
    }
  }
}
