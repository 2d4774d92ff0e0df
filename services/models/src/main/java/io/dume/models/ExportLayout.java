package io.dume.models;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A checkpoint layout that a mixture can be written in: which class of the transformers library
 * loads it, and what that class can't express.
 */
public enum ExportLayout {
  /**
   * {@code MixtralForCausalLM}: a gate without bias, softmax over the k best scores. No biases in
   * the attention, no stretched rotary frequencies: those of its versions that do not know of them
   * would leave them out without a word.
   */
  MIXTRAL("mixtral", "mixtral", "MixtralForCausalLM"),

  /**
   * {@code Qwen2MoeForCausalLM}: the same gate; biases of queries, keys and values, which are
   * written as zeros where the experts have none. The class always adds a shared expert: it is
   * written with a width of one and zeros, and adds exactly zero. Older versions of the class leave
   * stretched rotary frequencies out without a word: where there are some, it must be asked for.
   */
  QWEN2_MOE("qwen2-moe", "qwen2_moe", "Qwen2MoeForCausalLM"),

  /**
   * A class of our own that is written beside the weights, on top of the library's Llama: all that
   * a router and its policy can say. It is loaded with {@code trust_remote_code=True}.
   */
  DUME("dume", "dume", "DumeForCausalLM");

  /** What the model is, and how its tokens are to be routed. */
  record Mixture(ModelConfig config, RouterWeights router, RoutingPolicy policy) {

    boolean hasIntercept() {
      return IntStream.range(0, router.layers())
          .anyMatch(l -> !Arrays.equals(router.bias(l), new float[router.experts()]));
    }
  }

  private final String label;
  private final String modelType;
  private final String architecture;

  ExportLayout(String label, String modelType, String architecture) {
    this.label = label;
    this.modelType = modelType;
    this.architecture = architecture;
  }

  /**
   * Reads a layout's name.
   *
   * @param name mixtral, qwen2-moe or dume
   * @throws IllegalArgumentException if it is none of them
   */
  public static ExportLayout parse(String name) {
    return Arrays.stream(values())
        .filter(layout -> layout.label.equals(name.strip().toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "layout \"%s\": use mixtral, qwen2-moe or dume".formatted(name)));
  }

  String architecture() {
    return architecture;
  }

  /** Returns why a mixture can't be written so, with the remedy, if it can't. */
  Optional<String> obstacle(Mixture mixture) {
    if (this == DUME) {
      return Optional.empty();
    }
    if (mixture.policy().remembers()) {
      return Optional.of(
          "the policy %s remembers, which layout %s has no place for: give --policy paper, or --layout dume"
              .formatted(mixture.policy(), label));
    }
    if (mixture.hasIntercept()) {
      return Optional.of(
          "the router's gates have intercepts, which layout %s has no place for, and leaving fitted ones out would be wrong: solve the router without (dume fit --no-intercept, dume solver --no-intercept), or give --layout dume"
              .formatted(label));
    }
    ModelConfig config = mixture.config();
    if (config.outputBias()) {
      return Optional.of(
          "attention_bias = true: layout %s has no bias behind the attention: give --layout dume"
              .formatted(label));
    }
    return this == MIXTRAL ? obstacleOfMixtral(config) : obstacleOfQwen(config);
  }

  private static Optional<String> obstacleOfMixtral(ModelConfig config) {
    if (config.qkvBias()) {
      return Optional.of(
          "the experts' attention has biases, which layout mixtral has no place for: give --layout qwen2-moe");
    }
    if (stretched(config)) {
      return Optional.of(
          "rope_scaling: versions of Mixtral's class leave it out without a word: give --layout dume");
    }
    return Optional.empty();
  }

  private static Optional<String> obstacleOfQwen(ModelConfig config) {
    if ((long) config.headDim() * config.heads() != config.hiddenSize()) {
      return Optional.of(
          "head_dim = %d is not hidden_size / num_attention_heads, which layout qwen2-moe takes it for: give --layout mixtral or dume"
              .formatted(config.headDim()));
    }
    return Optional.empty();
  }

  /** Returns the first layout that expresses a mixture in every version of its class. */
  static ExportLayout of(Mixture mixture) {
    List<ExportLayout> order =
        mixture.config().modelType().equals("qwen2")
            ? List.of(QWEN2_MOE, DUME)
            : List.of(MIXTRAL, QWEN2_MOE, DUME);
    return order.stream()
        .filter(layout -> layout.obstacle(mixture).isEmpty())
        .filter(layout -> layout == DUME || !stretched(mixture.config()))
        .findFirst()
        .orElse(DUME);
  }

  private static boolean stretched(ModelConfig config) {
    return !config.ropeScaling().equals(new RopeScaling.None());
  }

  /** Returns what stands before the names of a layer's gate and experts. */
  String block(int layer) {
    return ModelTensors.layer(layer, this == MIXTRAL ? "block_sparse_moe." : "mlp.");
  }

  /** Returns an expert's matrix as the layout names it. */
  String expert(int layer, int expert, String part) {
    String name =
        this == MIXTRAL
            ? switch (part) {
              case "gate_proj" -> "w1";
              case "up_proj" -> "w3";
              default -> "w2";
            }
            : part;
    return "%sexperts.%d.%s.weight".formatted(block(layer), expert, name);
  }

  /**
   * By what a gate's weights are divided. Softmax over all and shares of the k best is softmax over
   * the k best: so a temperature is a factor of the weights. A single expert's share is 1 at any.
   */
  double divisor(RoutingPolicy policy) {
    return this == DUME || policy.k() == 1 ? 1 : policy.temperature();
  }

  /** Returns which biases of the attention the layout has and the experts lack: zeros. */
  List<String> absentBiases(ModelConfig config) {
    if (this == QWEN2_MOE && !config.qkvBias()) {
      return List.of("q_proj", "k_proj", "v_proj");
    }
    // Llama's class has all four of them or none.
    return this == DUME && config.qkvBias() && !config.outputBias() ? List.of("o_proj") : List.of();
  }

  /** Adds what only this layout's configuration has. */
  void configure(ObjectNode json, Mixture mixture) {
    ModelConfig config = mixture.config();
    RoutingPolicy policy = mixture.policy();
    json.putArray("architectures").add(architecture);
    json.put("model_type", modelType);
    json.put("num_experts_per_tok", policy.k());
    switch (this) {
      case MIXTRAL -> {
        json.put("head_dim", config.headDim());
        json.put("num_local_experts", mixture.router().experts());
        json.put("output_router_logits", false);
        json.put("router_jitter_noise", 0.0);
        json.putNull("sliding_window");
      }
      case QWEN2_MOE -> {
        json.put("num_experts", mixture.router().experts());
        json.put("moe_intermediate_size", config.intermediateSize());
        json.put("shared_expert_intermediate_size", 1);
        json.put("norm_topk_prob", true);
        json.put("decoder_sparse_step", 1);
        json.putArray("mlp_only_layers");
        json.put("output_router_logits", false);
        json.put("qkv_bias", true);
        json.put("use_sliding_window", false);
      }
      default -> {
        json.putObject("auto_map")
            .put("AutoConfig", "configuration_dume.DumeConfig")
            .put("AutoModelForCausalLM", "modeling_dume.DumeForCausalLM");
        json.put("head_dim", config.headDim());
        json.put("attention_bias", config.qkvBias());
        json.put("mlp_bias", false);
        json.put("num_experts", mixture.router().experts());
        json.put("routing_temperature", policy.temperature());
        json.put("routing_smoothing", policy.smoothing());
        json.put("routing_below", policy.below());
        json.put("routing_above", policy.above());
      }
    }
  }

  /** Returns the name that {@link #parse} reads. */
  @Override
  public String toString() {
    return label;
  }
}
