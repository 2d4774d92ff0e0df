package io.dume.models;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The gates of a router: for each layer a weight (experts × d, row-major) and a bias (experts), all
 * finite float32. In a file they are {@code model.layers.N.mlp.gate.weight} and {@code .bias}.
 * Immutable.
 *
 * <p>A router whose metadata names its experts finds them in a model by name, in whatever order the
 * model has them and with whatever others beside them; see {@link #EXPERTS}.
 */
public final class RouterWeights {

  /**
   * Key of the experts' names in the metadata, in the order of the gates' rows, separated by
   * commas.
   */
  public static final String EXPERTS = "experts";

  /** Key of the fingerprints of these experts' MLPs in the metadata, likewise. */
  public static final String MLPS = "mlps";

  /** Key of the backbone's fingerprint in the metadata. */
  public static final String BACKBONE = "backbone";

  /**
   * Key of the routing policy that was chosen for the router, as {@link RoutingPolicy} writes it.
   */
  public static final String POLICY = "routing_policy";

  /**
   * Key of what the gates score, as {@link FeatureSource} writes it; without it, the inputs of the
   * MLPs.
   */
  public static final String FEATURE_SOURCE = "feature_source";

  private final int experts;
  private final int hiddenSize;
  private final List<float[]> weights;
  private final List<float[]> biases;
  private final Map<String, String> metadata;

  /**
   * Makes a router from its gates.
   *
   * @param weights one array of experts · d a layer, row-major
   * @param biases one array of experts a layer
   * @param metadata free-form strings that travel with the file
   * @throws IllegalArgumentException if the layers do not fit together or a number is not finite;
   *     the message names the tensor
   */
  public RouterWeights(List<float[]> weights, List<float[]> biases, Map<String, String> metadata) {
    if (weights.isEmpty() || weights.size() != biases.size()) {
      throw new IllegalArgumentException(
          weights.size() + " gate weights and " + biases.size() + " biases do not make a router");
    }
    experts = biases.get(0).length;
    hiddenSize = experts == 0 ? 0 : weights.get(0).length / experts;
    if (hiddenSize == 0) {
      throw new IllegalArgumentException("a gate has at least one expert and one feature");
    }
    List<float[]> weightCopies = new ArrayList<>();
    List<float[]> biasCopies = new ArrayList<>();
    for (int l = 0; l < weights.size(); l++) {
      weightCopies.add(checked(weightName(l), weights.get(l), experts * hiddenSize));
      biasCopies.add(checked(biasName(l), biases.get(l), experts));
    }
    this.weights = weightCopies;
    this.biases = biasCopies;
    this.metadata = new LinkedHashMap<>(metadata);
  }

  private static float[] checked(String name, float[] values, int length) {
    if (values.length != length) {
      throw new IllegalArgumentException(
          "tensor " + name + ": " + values.length + " numbers, expected " + length);
    }
    for (int i = 0; i < length; i++) {
      if (!Float.isFinite(values[i])) {
        throw new IllegalArgumentException(
            "tensor " + name + ": element " + i + " is " + values[i]);
      }
    }
    return values.clone();
  }

  private static String weightName(int layer) {
    return ModelTensors.layer(layer, "mlp.gate.weight");
  }

  private static String biasName(int layer) {
    return ModelTensors.layer(layer, "mlp.gate.bias");
  }

  /**
   * Reads a router.
   *
   * @throws InvalidModelException naming file and tensor, if one is missing, has another type or
   *     shape than the first layer's, or holds a number that is not finite
   */
  public static RouterWeights read(Path file) throws IOException {
    try (Safetensors tensors = Safetensors.open(file)) {
      int layers = 0;
      while (tensors.find(weightName(layers)).isPresent()) {
        layers++;
      }
      if (layers == 0) {
        throw InvalidModelException.of(file, weightName(0), "missing: this is not a router");
      }
      if (tensors.names().size() != 2 * layers) {
        throw InvalidModelException.of(
            file,
            tensors.names().size()
                + " tensors, but gate.weight and gate.bias of "
                + layers
                + " successive layers are expected and nothing else");
      }
      TensorSpec first = tensors.spec(weightName(0));
      List<float[]> weights = new ArrayList<>();
      List<float[]> biases = new ArrayList<>();
      for (int l = 0; l < layers; l++) {
        if (first.shape().size() != 2) {
          throw InvalidModelException.of(file, first.name(), "shape " + first.shape());
        }
        weights.add(read(tensors, weightName(l), first.shape()));
        biases.add(read(tensors, biasName(l), first.shape().subList(0, 1)));
      }
      return new RouterWeights(weights, biases, tensors.metadata());
    } catch (IllegalArgumentException e) {
      throw new InvalidModelException(file + ": " + e.getMessage(), e);
    }
  }

  private static float[] read(Safetensors tensors, String name, List<Long> shape)
      throws IOException {
    TensorSpec spec = tensors.spec(name);
    if (spec.type() != TensorType.F32 || !spec.shape().equals(shape)) {
      throw InvalidModelException.of(
          tensors.file(),
          name,
          spec.type() + " of shape " + spec.shape() + ", expected F32 of shape " + shape);
    }
    return tensors.readFloats(name);
  }

  /** Writes the router with its metadata, replacing the file in one step. */
  public void write(Path file) throws IOException {
    List<TensorSpec> specs = new ArrayList<>();
    for (int l = 0; l < layers(); l++) {
      specs.add(TensorSpec.of(weightName(l), TensorType.F32, experts, hiddenSize));
      specs.add(TensorSpec.of(biasName(l), TensorType.F32, experts));
    }
    try (SafetensorsWriter writer = new SafetensorsWriter(file, specs, metadata)) {
      for (int l = 0; l < layers(); l++) {
        writer.write(weightName(l), weights.get(l));
        writer.write(biasName(l), biases.get(l));
      }
      writer.finish();
    }
  }

  /** Returns the number of layers. */
  public int layers() {
    return weights.size();
  }

  /** Returns the number of experts. */
  public int experts() {
    return experts;
  }

  /** Returns the width d of the features. */
  public int hiddenSize() {
    return hiddenSize;
  }

  /** Returns a copy of a layer's weight, (experts, d), row-major. */
  public float[] weight(int layer) {
    return weights.get(layer).clone();
  }

  /** Returns a copy of a layer's bias, (experts). */
  public float[] bias(int layer) {
    return biases.get(layer).clone();
  }

  /**
   * Finds the experts of the gates' rows in a model. A router without {@link #EXPERTS} is for a
   * model with as many experts, in the same order; what is not among the metadata is not compared.
   *
   * @return for each row the index of the model's expert
   * @throws IllegalArgumentException if the model lacks an expert, has other MLPs under its name or
   *     another backbone
   */
  List<Integer> indexesIn(MergedManifest model) {
    String ofBackbone = metadata.getOrDefault(BACKBONE, "");
    if (!ofBackbone.isBlank() && !ofBackbone.equals(model.backboneFingerprint())) {
      throw new IllegalArgumentException(
          "the router was solved on backbone %s, the model has %s: take the merged model that it was solved with"
              .formatted(ofBackbone, model.backboneFingerprint()));
    }
    List<String> names = listed(EXPERTS);
    List<String> mlps = listed(MLPS);
    if (names.isEmpty()) {
      if (experts != model.experts().size()) {
        throw new IllegalArgumentException(
            "the router is for %d experts and does not name them, the model has %d: %s"
                .formatted(experts, model.experts().size(), model.expertNames()));
      }
      return IntStream.range(0, experts).boxed().toList();
    }
    List<Integer> indexes = new ArrayList<>();
    for (int row = 0; row < experts; row++) {
      String name = names.get(row);
      int index = model.indexOf(name).orElse(-1);
      if (index < 0) {
        throw new IllegalArgumentException(
            "the router has an expert %s, the model has %s: add it to the model (dume moerge --add), or take another router"
                .formatted(name, model.expertNames()));
      }
      String mlp = model.experts().get(index).fingerprint();
      if (!mlps.isEmpty() && !mlps.get(row).equals(mlp)) {
        throw new IllegalArgumentException(
            "the router was solved with expert %s of fingerprint %s, the model has one of this name with %s"
                .formatted(name, mlps.get(row), mlp));
      }
      indexes.add(index);
    }
    return indexes;
  }

  /** Returns the names of the gates' rows in a model; throws as {@link #indexesIn} does. */
  List<String> namesIn(MergedManifest model) {
    return indexesIn(model).stream().map(model.expertNames()::get).toList();
  }

  private List<String> listed(String key) {
    String value = metadata.getOrDefault(key, "");
    if (value.isBlank()) {
      return List.of();
    }
    List<String> list = List.of(value.split(","));
    if (list.size() != experts) {
      throw new IllegalArgumentException(
          "the router's %s are %s, its gates have %d rows".formatted(key, list, experts));
    }
    return list;
  }

  /**
   * Returns how the router's gates should be used.
   *
   * @return the policy among the {@link #metadata}, or empty if nobody has chosen one
   * @throws IllegalArgumentException if it can't be read
   */
  public Optional<RoutingPolicy> policy() {
    return Optional.ofNullable(metadata.get(POLICY)).map(RoutingPolicy::parse);
  }

  /**
   * Returns what the gates score.
   *
   * @throws IllegalArgumentException if this build does not know it
   */
  public FeatureSource featureSource() {
    return Optional.ofNullable(metadata.get(FEATURE_SOURCE))
        .filter(source -> !source.isBlank())
        .map(FeatureSource::of)
        .orElse(FeatureSource.MLP_INPUT);
  }

  /**
   * Refuses to take gates for what they are not: a token's embedding and a layer's input may have
   * the same width, and so may the numbers of layers be the same.
   *
   * @throws IllegalArgumentException if the gates score something else
   */
  public void requireSource(FeatureSource wanted) {
    FeatureSource source = featureSource();
    if (source == wanted) {
      return;
    }
    throw new IllegalArgumentException(
        source == FeatureSource.EMBEDDING
            ? "the router was solved from token embeddings and has no gates of layers: it says which expert a text belongs to (dume route); take a router of mlp-input features for the mixture's layers"
            : "the router was solved from the inputs of the layers' MLPs, not from token embeddings: it needs the mixture's forward pass");
  }

  /** Returns the strings that travel with the file. */
  public Map<String, String> metadata() {
    return Map.copyOf(metadata);
  }
}
