package io.dume.bench;

import io.dume.models.MoErge;
import io.dume.models.SafetensorsWriter;
import io.dume.models.TensorSpec;
import io.dume.models.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * The shape of a Llama whose weights are drawn at random: what it computes means nothing, how fast
 * it does is that of any model of the shape.
 *
 * @param hidden d
 * @param layers blocks
 * @param heads of queries, as many of keys and values; divides d
 * @param inner width of the MLPs
 * @param vocabulary token ids
 * @param positions the longest sequence
 */
record RandomLlama(int hidden, int layers, int heads, int inner, int vocabulary, int positions) {
  /** 110 million parameters: the shape of the table of targets. */
  static final RandomLlama SMALL = new RandomLlama(768, 12, 12, 2048, 32_000, 2048);

  /** The only expert, and the only domain. */
  static final String EXPERT = "random";

  RandomLlama withLayers(int layers) {
    return new RandomLlama(hidden, layers, heads, inner, vocabulary, positions);
  }

  /**
   * Makes a merged model with one expert.
   *
   * @param scratch a directory in which nothing is named {@code expert} or {@code merged} yet
   * @return the merged model
   * @throws IOException if the disk is full, for one
   */
  Path merge(Path scratch) throws IOException {
    Path expert = Files.createDirectories(scratch.resolve("expert"));
    Files.writeString(expert.resolve("config.json"), config());
    write(expert.resolve("model.safetensors"));
    Path merged = scratch.resolve("merged");
    MoErge.merge(List.of(new MoErge.Expert(EXPERT, expert)), merged, MoErge.Options.DEFAULT);
    return merged;
  }

  /**
   * Floating-point operations that an extraction can't do without: two for each multiply-add of the
   * matrix products and of causal attention, in every layer but the last one's MLP, whose output
   * nobody needs, and n (n + 1) a token and layer for the upper triangle of the Gram matrix.
   *
   * @param lengths the sequences' lengths
   */
  double flops(int... lengths) {
    double d = hidden;
    double n = d + 1;
    double attention = 4 * d * d;
    double mlp = 3 * d * inner;
    double flops = 0;
    for (int length : lengths) {
      double token = 2 * (layers * attention + (layers - 1) * mlp) + layers * n * (n + 1);
      // Each position sees itself and those before it, once for scores and once for values.
      flops += token * length + layers * 2 * d * length * (length + 1);
    }
    return flops;
  }

  private String config() {
    return """
        {"model_type": "llama", "hidden_size": %d, "num_hidden_layers": %d,
         "num_attention_heads": %d, "num_key_value_heads": %d, "intermediate_size": %d,
         "vocab_size": %d, "max_position_embeddings": %d, "rms_norm_eps": 1e-5,
         "rope_theta": 10000.0, "tie_word_embeddings": true, "hidden_act": "silu",
         "eos_token_id": 2}
        """
        .formatted(hidden, layers, heads, heads, inner, vocabulary, positions);
  }

  private void write(Path file) throws IOException {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    shapes.put("model.embed_tokens.weight", new long[] {vocabulary, hidden});
    for (int l = 0; l < layers; l++) {
      String layer = "model.layers." + l + ".";
      shapes.put(layer + "input_layernorm.weight", new long[] {hidden});
      shapes.put(layer + "post_attention_layernorm.weight", new long[] {hidden});
      for (String part : List.of("q_proj", "k_proj", "v_proj", "o_proj")) {
        shapes.put(layer + "self_attn." + part + ".weight", new long[] {hidden, hidden});
      }
      shapes.put(layer + "mlp.gate_proj.weight", new long[] {inner, hidden});
      shapes.put(layer + "mlp.up_proj.weight", new long[] {inner, hidden});
      shapes.put(layer + "mlp.down_proj.weight", new long[] {hidden, inner});
    }
    shapes.put("model.norm.weight", new long[] {hidden});
    List<TensorSpec> specs =
        shapes.entrySet().stream()
            .map(tensor -> TensorSpec.of(tensor.getKey(), TensorType.F32, tensor.getValue()))
            .toList();
    SplittableRandom random = new SplittableRandom(1);
    try (SafetensorsWriter writer = new SafetensorsWriter(file, specs, Map.of("format", "pt"))) {
      for (TensorSpec spec : specs) {
        writer.write(spec.name(), values(spec, random));
      }
      writer.finish();
    }
  }

  private static float[] values(TensorSpec spec, SplittableRandom random) {
    float[] values = new float[(int) spec.elements()];
    boolean norm = spec.shape().size() == 1;
    // Norms of one, and matrices that keep the scale.
    double width = norm ? 0 : Math.sqrt(3.0 / spec.shape().get(1));
    for (int i = 0; i < values.length; i++) {
      values[i] = norm ? 1 : (float) ((2 * random.nextDouble() - 1) * width);
    }
    return values;
  }
}
