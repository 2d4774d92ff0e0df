package io.dume.models;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A dense model in a Hugging Face directory: {@code config.json} with {@code model.safetensors}, or
 * with the shards that {@code model.safetensors.index.json} lists.
 *
 * <p>Opening checks that every tensor the configuration asks for is there with its shape, and that
 * there is none that the forward pass would silently leave out. Weights are memory-mapped and read
 * when asked for; each number is checked to be finite then. So a model larger than the heap opens
 * and loads. Not for use by several threads.
 */
public final class Checkpoint implements AutoCloseable {

  static final String CONFIG = "config.json";
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";

  private final Path directory;
  private final ModelConfig config;
  private final TensorFiles tensors;

  private Checkpoint(Path directory, ModelConfig config, TensorFiles tensors) {
    this.directory = directory;
    this.config = config;
    this.tensors = tensors;
  }

  /**
   * Opens a directory and checks configuration, headers, names and shapes.
   *
   * @throws InvalidModelException naming the file, and the tensor or the field
   */
  public static Checkpoint open(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      throw InvalidModelException.of(directory, "not a directory with a model");
    }
    ModelConfig config = ModelConfig.read(directory.resolve(CONFIG));
    TensorFiles tensors = openFiles(directory);
    try {
      List<TensorSpec> expected = new ArrayList<>(ModelTensors.backbone(config, TensorType.F32));
      expected.addAll(ModelTensors.mlps(config, TensorType.F32));
      tensors.require(directory, expected);
      refuseUnknown(directory, config, tensors, expected);
      return new Checkpoint(directory, config, tensors);
    } catch (IOException | RuntimeException e) {
      tensors.close();
      throw e;
    }
  }

  private static TensorFiles openFiles(Path directory) throws IOException {
    Path single = directory.resolve(SINGLE);
    if (Files.exists(single)) {
      return TensorFiles.open(List.of(single));
    }
    Path index = directory.resolve(INDEX);
    if (!Files.exists(index)) {
      throw InvalidModelException.of(directory, "has neither " + SINGLE + " nor " + INDEX);
    }
    Map<String, String> shards = shards(index);
    List<Path> paths = new ArrayList<>();
    for (String shard : new TreeSet<>(shards.values())) {
      Path path = directory.resolve(shard);
      if (!Files.exists(path)) {
        throw InvalidModelException.of(path, "missing, but " + INDEX + " lists it");
      }
      paths.add(path);
    }
    TensorFiles tensors = TensorFiles.open(paths);
    for (Map.Entry<String, String> entry : shards.entrySet()) {
      if (!tensors.contains(entry.getKey())) {
        tensors.close();
        throw InvalidModelException.of(
            directory.resolve(entry.getValue()), entry.getKey(), "missing, but listed in " + INDEX);
      }
    }
    return tensors;
  }

  private static Map<String, String> shards(Path index) throws IOException {
    ConfigFields map = ConfigFields.read(index).object("weight_map");
    Map<String, String> shards = new TreeMap<>();
    for (Map.Entry<String, JsonNode> entry : map.node().properties()) {
      String shard = map.text(entry.getKey());
      // A shard is a file beside the index; anything else could point out of the directory.
      if (shard.isEmpty() || shard.contains("/") || shard.contains("\\") || shard.equals("..")) {
        throw map.refuse(entry.getKey(), "not the name of a file beside the index");
      }
      shards.put(entry.getKey(), shard);
    }
    if (shards.isEmpty()) {
      throw InvalidModelException.of(index, "weight_map is empty");
    }
    return shards;
  }

  /** A tensor that nobody reads would mean that the model computes something else than we do. */
  private static void refuseUnknown(
      Path directory, ModelConfig config, TensorFiles tensors, List<TensorSpec> expected)
      throws InvalidModelException {
    Set<String> unknown = new TreeSet<>(tensors.names());
    expected.forEach(spec -> unknown.remove(spec.name()));
    // Old checkpoints store the rotary frequencies, and some tied ones the output layer.
    unknown.removeIf(name -> name.endsWith(".rotary_emb.inv_freq"));
    if (config.tiedEmbeddings()) {
      unknown.remove(ModelTensors.OUTPUT);
    }
    if (!unknown.isEmpty()) {
      throw InvalidModelException.of(
          directory,
          unknown.iterator().next(),
          "a " + config.modelType() + " model with this configuration has no such tensor");
    }
  }

  /** Returns the directory that was opened. */
  public Path directory() {
    return directory;
  }

  /** Returns the configuration. */
  public ModelConfig config() {
    return config;
  }

  /**
   * Returns type and shape of a tensor.
   *
   * @throws IllegalArgumentException if there is no such tensor
   */
  public TensorSpec spec(String name) throws IOException {
    return tensors.spec(name);
  }

  /**
   * Reads a whole tensor as float32, row-major.
   *
   * @throws InvalidModelException if a number in it is not finite, naming file, tensor and element
   * @throws IllegalArgumentException if there is no such tensor
   */
  public float[] read(String name) throws IOException {
    return tensors.read(name, tensors.spec(name).elements());
  }

  TensorFiles tensors() {
    return tensors;
  }

  @Override
  public void close() throws IOException {
    tensors.close();
  }
}
