package io.dume.models;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * A small random dense model for tests: its configuration as JSON, its weights as they are after
 * rounding to the type they are stored in, and a way to write it as a Hugging Face directory.
 */
final class TestModel {

  static final ObjectMapper JSON = new ObjectMapper();

  final ObjectNode config;
  final Map<String, float[]> weights = new LinkedHashMap<>();
  final Map<String, long[]> shapes = new LinkedHashMap<>();
  TensorType type = TensorType.F32;

  private TestModel(ObjectNode config) {
    this.config = config;
  }

  /** Returns a configuration with grouped queries and heads that are wider than d / heads. */
  static ObjectNode config(String modelType) {
    ObjectNode config = JSON.createObjectNode();
    config.put("model_type", modelType);
    config.put("hidden_size", 24);
    config.put("num_hidden_layers", 2);
    config.put("num_attention_heads", 4);
    config.put("num_key_value_heads", 2);
    config.put("head_dim", 8);
    config.put("intermediate_size", 40);
    config.put("vocab_size", 50);
    config.put("rms_norm_eps", 1e-5);
    config.put("rope_theta", 10000.0);
    config.put("tie_word_embeddings", false);
    config.put("hidden_act", "silu");
    config.put("max_position_embeddings", 64);
    config.put("eos_token_id", 2);
    return config;
  }

  /** Fills a model with random weights that come from a seed, rounded to a type. */
  static TestModel random(ObjectNode config, TensorType type, long seed) {
    TestModel model = new TestModel(config);
    model.type = type;
    Random random = new Random(seed);
    int d = model.integer("hidden_size");
    int queries = model.integer("num_attention_heads") * model.integer("head_dim");
    int keys = model.integer("num_key_value_heads") * model.integer("head_dim");
    int inner = model.integer("intermediate_size");
    int vocabulary = model.integer("vocab_size");
    boolean outputBias = config.path("attention_bias").asBoolean();
    boolean bias = outputBias || config.get("model_type").asText().equals("qwen2");
    model.fill(random, "model.embed_tokens.weight", vocabulary, d);
    for (int l = 0; l < model.integer("num_hidden_layers"); l++) {
      String layer = "model.layers." + l + ".";
      model.fill(random, layer + "input_layernorm.weight", d);
      model.fill(random, layer + "post_attention_layernorm.weight", d);
      model.fill(random, layer + "self_attn.q_proj.weight", queries, d);
      model.fill(random, layer + "self_attn.k_proj.weight", keys, d);
      model.fill(random, layer + "self_attn.v_proj.weight", keys, d);
      model.fill(random, layer + "self_attn.o_proj.weight", d, queries);
      if (bias) {
        model.fill(random, layer + "self_attn.q_proj.bias", queries);
        model.fill(random, layer + "self_attn.k_proj.bias", keys);
        model.fill(random, layer + "self_attn.v_proj.bias", keys);
      }
      if (outputBias) {
        model.fill(random, layer + "self_attn.o_proj.bias", d);
      }
      model.fill(random, layer + "mlp.gate_proj.weight", inner, d);
      model.fill(random, layer + "mlp.up_proj.weight", inner, d);
      model.fill(random, layer + "mlp.down_proj.weight", d, inner);
    }
    model.fill(random, "model.norm.weight", d);
    if (!config.get("tie_word_embeddings").asBoolean()) {
      model.fill(random, "lm_head.weight", vocabulary, d);
    }
    return model;
  }

  int integer(String field) {
    return config.get(field).asInt();
  }

  private void fill(Random random, String name, long... shape) {
    int size = 1;
    for (long extent : shape) {
      size *= (int) extent;
    }
    float[] values = new float[size];
    // Norms around one, biases that matter, matrices that keep the scale.
    boolean norm = name.endsWith("norm.weight");
    double scale = norm || shape.length == 1 ? 0.3 : 1.5 / Math.sqrt(shape[1]);
    for (int i = 0; i < size; i++) {
      values[i] = round((float) ((norm ? 1 : 0) + scale * random.nextGaussian()));
    }
    weights.put(name, values);
    shapes.put(name, shape);
  }

  private float round(float value) {
    return switch (type) {
      case F16 -> HalfPrecision.fromFloat16(HalfPrecision.toFloat16(value));
      case BF16 -> HalfPrecision.fromBfloat16(HalfPrecision.toBfloat16(value));
      default -> value;
    };
  }

  /** Writes the model as one file. */
  Path write(Path directory) throws IOException {
    Files.createDirectories(directory);
    writeConfig(directory);
    writeTensors(directory.resolve("model.safetensors"), List.copyOf(weights.keySet()));
    return directory;
  }

  /** Writes the model as shards of a few tensors each, with an index. */
  Path writeSharded(Path directory, int tensorsPerShard) throws IOException {
    Files.createDirectories(directory);
    writeConfig(directory);
    Map<String, String> index = new TreeMap<>();
    List<String> names = new ArrayList<>(weights.keySet());
    for (int from = 0; from < names.size(); from += tensorsPerShard) {
      String shard = "model-%05d.safetensors".formatted(from / tensorsPerShard);
      List<String> part = names.subList(from, Math.min(names.size(), from + tensorsPerShard));
      writeTensors(directory.resolve(shard), part);
      part.forEach(name -> index.put(name, shard));
    }
    Files.write(
        directory.resolve("model.safetensors.index.json"),
        JSON.writeValueAsBytes(Map.of("metadata", Map.of(), "weight_map", index)));
    return directory;
  }

  private void writeConfig(Path directory) throws IOException {
    Files.write(directory.resolve("config.json"), JSON.writeValueAsBytes(config));
  }

  private void writeTensors(Path file, List<String> names) throws IOException {
    List<TensorSpec> specs =
        names.stream().map(name -> TensorSpec.of(name, type, shapes.get(name))).toList();
    try (SafetensorsWriter writer = new SafetensorsWriter(file, specs, Map.of("format", "pt"))) {
      for (String name : names) {
        writer.write(name, weights.get(name));
      }
      writer.finish();
    }
  }
}
