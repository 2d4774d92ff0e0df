package io.dume.models;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/** Whether the configurations of two experts allow for their weights to be averaged. */
final class ConfigDifferences {

  /** A field of {@code config.json} and what it means, defaults included. */
  private record Meaning(String field, Function<ModelConfig, Object> value) {}

  private static final List<Meaning> MEANINGS =
      List.of(
          new Meaning("model_type", ModelConfig::modelType),
          new Meaning("hidden_size", ModelConfig::hiddenSize),
          new Meaning("num_hidden_layers", ModelConfig::layers),
          new Meaning("num_attention_heads", ModelConfig::heads),
          new Meaning("num_key_value_heads", ModelConfig::kvHeads),
          new Meaning("head_dim", ModelConfig::headDim),
          new Meaning("intermediate_size", ModelConfig::intermediateSize),
          new Meaning("rms_norm_eps", ModelConfig::rmsNormEps),
          new Meaning("rope_theta", ModelConfig::ropeTheta),
          new Meaning("rope_scaling", ModelConfig::ropeScaling),
          new Meaning("tie_word_embeddings", ModelConfig::tiedEmbeddings),
          new Meaning("attention_bias", ModelConfig::outputBias),
          new Meaning("max_position_embeddings", ModelConfig::maxPositionEmbeddings),
          new Meaning("bos_token_id", ModelConfig::bosTokenId),
          new Meaning("eos_token_id", ModelConfig::eosTokenIds));

  /** Fields that {@link ModelConfig} has understood, or that cannot change a result. */
  private static final Set<String> SETTLED =
      Set.of(
          "vocab_size",
          "hidden_act",
          "mlp_bias",
          "rope_parameters",
          "sliding_window",
          "use_sliding_window",
          "max_window_layers",
          "layer_types",
          "partial_rotary_factor",
          "torch_dtype",
          "dtype",
          "transformers_version",
          "architectures",
          "use_cache",
          "initializer_range",
          "attention_dropout",
          "pretraining_tp",
          "pad_token_id");

  private ConfigDifferences() {}

  /**
   * Refuses a second configuration that differs from a first in anything but the vocabulary and
   * what cannot change a result.
   */
  static void refuse(
      ConfigFields first, ModelConfig firstConfig, ConfigFields second, ModelConfig secondConfig)
      throws InvalidModelException {
    for (Meaning meaning : MEANINGS) {
      Object one = meaning.value().apply(firstConfig);
      Object other = meaning.value().apply(secondConfig);
      if (!one.equals(other)) {
        throw differ(meaning.field(), first, one, second, other);
      }
    }
    Set<String> others = new TreeSet<>();
    first.node().fieldNames().forEachRemaining(others::add);
    second.node().fieldNames().forEachRemaining(others::add);
    others.removeAll(SETTLED);
    MEANINGS.forEach(meaning -> others.remove(meaning.field()));
    for (String field : others) {
      JsonNode one = first.get(field);
      JsonNode other = second.get(field);
      boolean bothAbsent = !first.has(field) && !second.has(field);
      if (!field.startsWith("_") && !bothAbsent && !one.equals(other)) {
        throw differ(field, first, text(one), second, text(other));
      }
    }
  }

  private static String text(JsonNode node) {
    return node.isMissingNode() ? "(absent)" : node.toString();
  }

  private static InvalidModelException differ(
      String field, ConfigFields first, Object one, ConfigFields second, Object other) {
    return new InvalidModelException(
        "experts differ in "
            + field
            + ": "
            + one
            + " in "
            + first.file()
            + ", "
            + other
            + " in "
            + second.file());
  }
}
