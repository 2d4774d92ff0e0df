package io.dume.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dume.demo.TrainingOptions.Sizes;
import io.dume.models.Checkpoint;
import io.dume.models.ModelConfig;
import io.dume.models.SafetensorsWriter;
import io.dume.models.TensorSpec;
import io.dume.models.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Trained models as Hugging Face directories. */
final class ModelFiles {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> TOKENIZER = List.of("tokenizer.json", "tokenizer_config.json");

  /** A model's sizes and its weights by name, row-major. */
  record Weights(Sizes sizes, Map<String, float[]> values) {}

  private ModelFiles() {}

  /**
   * Writes a model beside its tokenizer, which is copied.
   *
   * @param type {@link TensorType#F16} or {@link TensorType#F32}: what the weights are rounded to
   * @param positions the longest sequence that the model is meant for
   */
  static void write(Path directory, Weights weights, TensorType type, int positions, Path tokenizer)
      throws IOException {
    Files.createDirectories(directory);
    for (String file : TOKENIZER) {
      Path target = directory.resolve(file);
      if (!target.equals(tokenizer.resolve(file))) {
        Files.copy(tokenizer.resolve(file), target, StandardCopyOption.REPLACE_EXISTING);
      }
    }
    JSON.writerWithDefaultPrettyPrinter()
        .writeValue(
            directory.resolve("config.json").toFile(), config(weights.sizes(), type, positions));
    List<TensorSpec> specs = new ArrayList<>();
    TrainableLlama.shapes(weights.sizes())
        .forEach((name, shape) -> specs.add(TensorSpec.of(name, type, shape.getShape())));
    try (SafetensorsWriter writer =
        new SafetensorsWriter(
            directory.resolve("model.safetensors"), specs, Map.of("format", "pt"))) {
      for (TensorSpec spec : specs) {
        writer.write(spec.name(), weights.values().get(spec.name()));
      }
      writer.finish();
    }
  }

  /** Reads a model that {@link #write} wrote. */
  static Weights read(Path directory) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      ModelConfig config = checkpoint.config();
      Sizes sizes =
          new Sizes(
              config.vocabSize(),
              config.hiddenSize(),
              config.layers(),
              config.heads(),
              config.intermediateSize());
      boolean ours =
          config.tiedEmbeddings()
              && config.kvHeads() == config.heads()
              && config.headDim() == sizes.headWidth()
              && config.ropeTheta() == TrainableLlama.ROPE_THETA
              && config.rmsNormEps() == TrainableLlama.RMS_NORM_EPS;
      if (!ours) {
        throw new IOException(
            directory
                + " is not a base of this trainer, which knows tied embeddings, as many"
                + " key-value heads as heads and its own rope_theta and rms_norm_eps alone");
      }
      Map<String, float[]> values = new LinkedHashMap<>();
      for (String name : TrainableLlama.shapes(sizes).keySet()) {
        values.put(name, checkpoint.read(name));
      }
      return new Weights(sizes, values);
    }
  }

  private static ObjectNode config(Sizes sizes, TensorType type, int positions) {
    ObjectNode root = JSON.createObjectNode();
    root.putArray("architectures").add("LlamaForCausalLM");
    root.put("model_type", "llama");
    root.put("hidden_size", sizes.hidden());
    root.put("intermediate_size", sizes.feedForward());
    root.put("num_hidden_layers", sizes.layers());
    root.put("num_attention_heads", sizes.heads());
    root.put("num_key_value_heads", sizes.heads());
    root.put("head_dim", sizes.headWidth());
    root.put("vocab_size", sizes.vocabulary());
    root.put("max_position_embeddings", positions);
    root.put("rms_norm_eps", TrainableLlama.RMS_NORM_EPS);
    root.put("rope_theta", TrainableLlama.ROPE_THETA);
    root.put("hidden_act", "silu");
    root.put("attention_bias", false);
    root.put("mlp_bias", false);
    root.put("tie_word_embeddings", true);
    root.put("eos_token_id", BytePairEncoding.END_OF_TEXT_ID);
    root.put("torch_dtype", type == TensorType.F16 ? "float16" : "float32");
    return root;
  }
}
