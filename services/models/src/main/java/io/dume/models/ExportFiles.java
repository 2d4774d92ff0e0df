package io.dume.models;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** What lies beside an export's weights: configuration, tokenizer and, for our own layout, code. */
final class ExportFiles {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String GENERATION = "generation_config.json";
  private static final String TOKENIZER_CLASS = "tokenizer_class";
  private static final List<String> CODE = List.of("configuration_dume.py", "modeling_dume.py");
  private static final Map<TensorType, String> TORCH_NAMES =
      Map.of(TensorType.F32, "float32", TensorType.F16, "float16", TensorType.BF16, "bfloat16");

  private final Path model;
  private final ExportLayout.Mixture mixture;
  private final ExportLayout layout;
  private final TensorType type;

  /**
   * @param model the merged model's directory
   */
  ExportFiles(Path model, ExportLayout.Mixture mixture, ExportLayout layout, TensorType type) {
    this.model = model;
    this.mixture = mixture;
    this.layout = layout;
    this.type = type;
  }

  void write(Path directory) throws IOException {
    JsonNode source = ConfigFields.read(model.resolve(Checkpoint.CONFIG)).node();
    write(directory.resolve(Checkpoint.CONFIG), config(source));
    MergedTokenizer.copyFiles(model, directory);
    if (!Files.exists(directory.resolve(GENERATION))) {
      ObjectNode generation = JSON.createObjectNode();
      generation.put("_from_model_config", true);
      addTokenIds(generation, source);
      write(directory.resolve(GENERATION), generation);
    }
    if (Tokenizer.isIn(directory)) {
      nameTokenizerClass(directory.resolve(Tokenizer.CONFIG));
    }
    if (layout == ExportLayout.DUME) {
      for (String name : CODE) {
        try (InputStream code = ExportFiles.class.getResourceAsStream(name)) {
          Files.copy(code, directory.resolve(name));
        }
      }
    }
  }

  private ObjectNode config(JsonNode source) {
    ModelConfig config = mixture.config();
    ObjectNode json = JSON.createObjectNode();
    layout.configure(json, mixture);
    json.put("vocab_size", config.vocabSize());
    json.put("hidden_size", config.hiddenSize());
    json.put("intermediate_size", config.intermediateSize());
    json.put("num_hidden_layers", config.layers());
    json.put("num_attention_heads", config.heads());
    json.put("num_key_value_heads", config.kvHeads());
    json.put("hidden_act", "silu");
    json.put("max_position_embeddings", config.maxPositionEmbeddings());
    json.put("rms_norm_eps", config.rmsNormEps());
    json.put("rope_theta", config.ropeTheta());
    addRopeScaling(json, config.ropeScaling());
    json.put("attention_dropout", 0.0);
    json.put("initializer_range", source.path("initializer_range").asDouble(0.02));
    json.put("tie_word_embeddings", config.tiedEmbeddings());
    json.put("use_cache", true);
    json.put("torch_dtype", TORCH_NAMES.get(type));
    addTokenIds(json, source);
    addOrigin(json);
    return json;
  }

  private static void addRopeScaling(ObjectNode json, RopeScaling scaling) {
    if (scaling instanceof RopeScaling.Linear linear) {
      json.putObject("rope_scaling")
          .put("rope_type", "linear")
          .put("type", "linear")
          .put("factor", linear.factor());
    } else if (scaling instanceof RopeScaling.Llama3 llama3) {
      json.putObject("rope_scaling")
          .put("rope_type", "llama3")
          .put("factor", llama3.factor())
          .put("low_freq_factor", llama3.lowFrequencyFactor())
          .put("high_freq_factor", llama3.highFrequencyFactor())
          .put("original_max_position_embeddings", llama3.originalMaxPositions());
    }
  }

  /** An id that is absent is null: classes have defaults of their own. */
  private void addTokenIds(ObjectNode json, JsonNode source) {
    for (String name : List.of("bos_token_id", "eos_token_id", "pad_token_id")) {
      JsonNode id = source.path(name);
      if (id.isMissingNode()) {
        json.putNull(name);
      } else {
        json.set(name, id);
      }
    }
  }

  /** What it was made of, for people. */
  private void addOrigin(ObjectNode json) {
    Map<String, String> metadata = mixture.router().metadata();
    ObjectNode origin = json.putObject("dume");
    for (String key :
        List.of(
            "router",
            "version",
            "sha256",
            RouterWeights.EXPERTS,
            "intercept",
            "context_dim",
            "training")) {
      if (metadata.containsKey(key)) {
        origin.put(key, metadata.get(key));
      }
    }
    origin.put(RouterWeights.POLICY, mixture.policy().toString());
  }

  /** Without a class named, that of the model's type would be looked for, which ours has not. */
  private static void nameTokenizerClass(Path file) throws IOException {
    ObjectNode config =
        Files.exists(file)
            ? (ObjectNode) ConfigFields.read(file).node().deepCopy()
            : JSON.createObjectNode();
    if (!config.hasNonNull(TOKENIZER_CLASS)) {
      config.put(TOKENIZER_CLASS, "PreTrainedTokenizerFast");
      Files.deleteIfExists(file);
      write(file, config);
    }
  }

  private static void write(Path file, ObjectNode json) throws IOException {
    Files.write(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(json));
  }
}
