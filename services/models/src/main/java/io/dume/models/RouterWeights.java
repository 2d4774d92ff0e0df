package io.dume.models;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The gates of a router: for each layer a weight (experts × d, row-major) and a bias (experts), all
 * finite float32. In a file they are {@code model.layers.N.mlp.gate.weight} and {@code .bias}.
 * Immutable.
 */
public final class RouterWeights {

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

  /** Returns the strings that travel with the file. */
  public Map<String, String> metadata() {
    return Map.copyOf(metadata);
  }
}
