package io.dume.models;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** Turns the fields of a {@code config.json} into a {@link ModelConfig}, or refuses one by name. */
final class ModelConfigReader {

  private static final int MISTRAL_WINDOW = 4096;

  private static final Set<String> TYPES = Set.of("llama", "mistral", "qwen2");

  private ModelConfigReader() {}

  static ModelConfig read(ConfigFields fields) throws InvalidModelException {
    String type = fields.text("model_type");
    if (!TYPES.contains(type)) {
      throw fields.refuse("model_type", "not supported; llama, mistral and qwen2 are");
    }
    refuseUnsupported(fields, type);
    int hidden = fields.positive("hidden_size");
    int heads = fields.positive("num_attention_heads");
    if (!fields.has("head_dim") && hidden % heads != 0) {
      throw fields.refuse(
          "hidden_size", "not a multiple of num_attention_heads = " + heads + ", and no head_dim");
    }
    boolean bias = fields.flag("attention_bias", false);
    boolean qwen2 = type.equals("qwen2");
    List<Integer> bos = ModelConfig.tokenIds(fields, "bos_token_id");
    try {
      return new ModelConfig(
          type,
          hidden,
          fields.positive("num_hidden_layers"),
          heads,
          kvHeads(fields, type, heads),
          fields.positive("head_dim", hidden / heads),
          fields.positive("intermediate_size"),
          fields.positive("vocab_size"),
          fields.positiveNumber("rms_norm_eps", 1e-6),
          ropeTheta(fields),
          ropeScaling(fields),
          fields.flag("tie_word_embeddings", false),
          bias || qwen2,
          bias,
          fields.positive("max_position_embeddings"),
          bos.isEmpty() ? OptionalInt.empty() : OptionalInt.of(bos.get(0)),
          ModelConfig.tokenIds(fields, "eos_token_id"));
    } catch (IllegalArgumentException e) {
      throw new InvalidModelException(fields.file() + ": " + e.getMessage(), e);
    }
  }

  private static void refuseUnsupported(ConfigFields fields, String type)
      throws InvalidModelException {
    String activation = fields.text("hidden_act", "silu");
    if (!activation.equals("silu")) {
      throw fields.refuse("hidden_act", "not supported; silu is");
    }
    if (fields.flag("mlp_bias", false)) {
      throw fields.refuse("mlp_bias", "a bias in the MLP is not supported");
    }
    if (fields.flag("attention_bias", false) && !type.equals("llama")) {
      throw fields.refuse("attention_bias", "only llama models have this option");
    }
    if (fields.has("quantization_config")) {
      throw fields.refuse("quantization_config", "quantized weights are not supported");
    }
    if (fields.has("partial_rotary_factor")
        && fields.get("partial_rotary_factor").asDouble() != 1) {
      throw fields.refuse("partial_rotary_factor", "only whole heads can be rotated");
    }
    int context = fields.positive("max_position_embeddings");
    boolean windowed = !type.equals("qwen2") || fields.flag("use_sliding_window", false);
    int window = slidingWindow(fields, type, context);
    if (windowed && window < context) {
      throw fields.refuse(
          "sliding_window",
          "windows shorter than max_position_embeddings = "
              + context
              + " are not supported"
              + " (here it is "
              + window
              + "); null turns it off");
    }
    for (JsonNode layer : fields.get("layer_types")) {
      if (!layer.asText().equals("full_attention")) {
        throw fields.refuse("layer_types", "only full_attention is supported");
      }
    }
  }

  /** For mistral an absent field means 4096, as in its configuration class; null means none. */
  private static int slidingWindow(ConfigFields fields, String type, int context)
      throws InvalidModelException {
    if (fields.has("sliding_window")) {
      return fields.positive("sliding_window");
    }
    boolean absent = fields.get("sliding_window").isMissingNode();
    return absent && type.equals("mistral") ? MISTRAL_WINDOW : context;
  }

  private static int kvHeads(ConfigFields fields, String type, int heads)
      throws InvalidModelException {
    // What an absent field means differs by type and library version, except for llama.
    if (!fields.has("num_key_value_heads") && !type.equals("llama")) {
      throw fields.refuse("num_key_value_heads", "required for " + type);
    }
    return fields.positive("num_key_value_heads", heads);
  }

  private static double ropeTheta(ConfigFields fields) throws InvalidModelException {
    if (fields.has("rope_parameters")) {
      ConfigFields rope = fields.object("rope_parameters");
      if (rope.has("rope_theta")) {
        return rope.positiveNumber("rope_theta");
      }
    }
    return fields.positiveNumber("rope_theta", 10_000);
  }

  private static RopeScaling ropeScaling(ConfigFields fields) throws InvalidModelException {
    String name = fields.has("rope_parameters") ? "rope_parameters" : "rope_scaling";
    if (!fields.has(name)) {
      return new RopeScaling.None();
    }
    ConfigFields rope = fields.object(name);
    String key = rope.has("rope_type") ? "rope_type" : "type";
    if (!rope.has(key)) {
      throw fields.refuse(name, "neither rope_type nor type is given");
    }
    if (rope.has("partial_rotary_factor") && rope.get("partial_rotary_factor").asDouble() != 1) {
      throw rope.refuse("partial_rotary_factor", "only whole heads can be rotated");
    }
    return switch (rope.text(key)) {
      case "default" -> new RopeScaling.None();
      case "linear" -> new RopeScaling.Linear(rope.positiveNumber("factor"));
      case "llama3" -> llama3(rope);
      default -> throw rope.refuse(key, "not supported; llama3, linear and default are");
    };
  }

  private static RopeScaling llama3(ConfigFields rope) throws InvalidModelException {
    double low = rope.positiveNumber("low_freq_factor");
    double high = rope.positiveNumber("high_freq_factor");
    if (high <= low) {
      throw rope.refuse("high_freq_factor", "must be above low_freq_factor = " + low);
    }
    return new RopeScaling.Llama3(
        rope.positiveNumber("factor"),
        low,
        high,
        rope.positive("original_max_position_embeddings"));
  }
}
