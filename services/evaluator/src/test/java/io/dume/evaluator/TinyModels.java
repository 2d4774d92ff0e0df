package io.dume.evaluator;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dume.models.MoErge;
import io.dume.models.RouterWeights;
import io.dume.models.SafetensorsWriter;
import io.dume.models.TensorSpec;
import io.dume.models.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Experts of a few hundred random weights that read lower-case letters, one token each. */
final class TinyModels {

  static final int END_OF_TEXT = 0;
  static final int BEGIN = 1;
  static final int VOCABULARY = 32;
  private static final int FIRST_LETTER = 2;
  private static final int WIDTH = 8;
  private static final int LAYERS = 2;
  private static final int INNER = 12;

  private TinyModels() {}

  /** The id of a letter. */
  static int id(char letter) {
    return FIRST_LETTER + letter - 'a';
  }

  /**
   * Merges an expert for each name, written beside the merged model, whose directory is returned.
   */
  static Path merged(Path directory, List<String> names) throws IOException {
    List<MoErge.Expert> experts = new ArrayList<>();
    for (String name : names) {
      Path expert = directory.resolve(name);
      writeExpert(expert, name.hashCode());
      writeTokenizer(expert, false);
      experts.add(new MoErge.Expert(name, expert));
    }
    Path merged = directory.resolve("merged");
    MoErge.merge(experts, merged, MoErge.Options.DEFAULT);
    return merged;
  }

  /** Random gates. */
  static RouterWeights router(int experts, long seed) {
    Random random = new Random(seed);
    List<float[]> weights = new ArrayList<>();
    List<float[]> biases = new ArrayList<>();
    for (int layer = 0; layer < LAYERS; layer++) {
      weights.add(gaussians(random, experts * WIDTH, 1));
      biases.add(gaussians(random, experts, 0.3f));
    }
    return new RouterWeights(weights, biases, Map.of());
  }

  static void writeTokenizer(Path directory, boolean beginToken) throws IOException {
    Files.createDirectories(directory);
    StringBuilder vocabulary = new StringBuilder("\"<e>\": 0, \"<b>\": 1");
    for (char letter = 'a'; letter <= 'z'; letter++) {
      vocabulary.append(", \"%s\": %d".formatted(letter, id(letter)));
    }
    String template =
        """
        {"type": "TemplateProcessing",
         "single": [{"SpecialToken": {"id": "<b>", "type_id": 0}},
                    {"Sequence": {"id": "A", "type_id": 0}}],
         "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
         "special_tokens": {"<b>": {"id": "<b>", "ids": [1], "tokens": ["<b>"]}}}
        """;
    Files.writeString(
        directory.resolve("tokenizer.json"),
        """
        {"version": "1.0", "truncation": null, "padding": null,
         "added_tokens": [
          {"id": 0, "content": "<e>", "single_word": false, "lstrip": false, "rstrip": false,
           "normalized": false, "special": true},
          {"id": 1, "content": "<b>", "single_word": false, "lstrip": false, "rstrip": false,
           "normalized": false, "special": true}],
         "normalizer": null,
         "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
          "use_regex": true},
         "post_processor": %s,
         "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true,
          "use_regex": true},
         "model": {"type": "BPE", "dropout": null, "unk_token": null,
          "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": false,
          "byte_fallback": false, "vocab": {%s}, "merges": []}}
        """
            .formatted(beginToken ? template : "null", vocabulary));
  }

  static void writeExpert(Path directory, long seed) throws IOException {
    Files.createDirectories(directory);
    ObjectNode config = new ObjectMapper().createObjectNode();
    config
        .put("model_type", "llama")
        .put("hidden_size", WIDTH)
        .put("num_hidden_layers", LAYERS)
        .put("num_attention_heads", 2)
        .put("num_key_value_heads", 2)
        .put("intermediate_size", INNER)
        .put("vocab_size", VOCABULARY)
        .put("rms_norm_eps", 1e-5)
        .put("rope_theta", 10_000.0)
        .put("tie_word_embeddings", true)
        .put("hidden_act", "silu")
        .put("max_position_embeddings", 64)
        .put("eos_token_id", END_OF_TEXT);
    Files.writeString(directory.resolve("config.json"), config.toString());
    List<TensorSpec> specs = specs();
    Random random = new Random(seed);
    try (SafetensorsWriter writer =
        new SafetensorsWriter(directory.resolve("model.safetensors"), specs, Map.of())) {
      for (TensorSpec spec : specs) {
        writer.write(spec.name(), gaussians(random, Math.toIntExact(spec.elements()), 0.6f));
      }
      writer.finish();
    }
  }

  private static List<TensorSpec> specs() {
    List<TensorSpec> specs = new ArrayList<>();
    add(specs, "model.embed_tokens.weight", VOCABULARY, WIDTH);
    add(specs, "model.norm.weight", WIDTH);
    for (int l = 0; l < LAYERS; l++) {
      String layer = "model.layers." + l + ".";
      add(specs, layer + "input_layernorm.weight", WIDTH);
      add(specs, layer + "post_attention_layernorm.weight", WIDTH);
      for (String projection : List.of("q", "k", "v", "o")) {
        add(specs, layer + "self_attn." + projection + "_proj.weight", WIDTH, WIDTH);
      }
      add(specs, layer + "mlp.gate_proj.weight", INNER, WIDTH);
      add(specs, layer + "mlp.up_proj.weight", INNER, WIDTH);
      add(specs, layer + "mlp.down_proj.weight", WIDTH, INNER);
    }
    return specs;
  }

  private static void add(List<TensorSpec> specs, String name, long... shape) {
    specs.add(TensorSpec.of(name, TensorType.F32, shape));
  }

  private static float[] gaussians(Random random, int count, float scale) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian() * scale;
    }
    return values;
  }
}
