package io.dume.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
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

/** A dense expert of a few hundred random weights, as a Hugging Face directory. */
final class TinyExpert {

  static final int WIDTH = 8;
  static final int LAYERS = 2;
  static final int VOCABULARY = 32;
  private static final int INNER = 12;

  private TinyExpert() {}

  /** Writes an expert whose weights come from the seed. */
  static Path write(Path directory, long seed) throws IOException {
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
        .put("eos_token_id", 0);
    Files.writeString(directory.resolve("config.json"), config.toString());
    List<TensorSpec> specs = specs();
    Random random = new Random(seed);
    try (SafetensorsWriter writer =
        new SafetensorsWriter(directory.resolve("model.safetensors"), specs, Map.of())) {
      for (TensorSpec spec : specs) {
        float[] values = new float[Math.toIntExact(spec.elements())];
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) random.nextGaussian() * 0.3f;
        }
        writer.write(spec.name(), values);
      }
      writer.finish();
    }
    return directory;
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
}
