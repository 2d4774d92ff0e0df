package io.dume.models;

import java.util.ArrayList;
import java.util.List;

/** The names and shapes of a Llama-family model's tensors, as Hugging Face writes them. */
final class ModelTensors {

  static final String EMBEDDING = "model.embed_tokens.weight";
  static final String NORM = "model.norm.weight";
  static final String OUTPUT = "lm_head.weight";

  /** The three matrices of an MLP, in the order that everything here lists them. */
  static final List<String> MLP_PARTS = List.of("gate_proj", "up_proj", "down_proj");

  private ModelTensors() {}

  static String layer(int layer, String rest) {
    return "model.layers." + layer + "." + rest;
  }

  static String mlp(int layer, String part) {
    return layer(layer, "mlp." + part + ".weight");
  }

  /** Returns every tensor outside of the MLPs, each with this element type. */
  static List<TensorSpec> backbone(ModelConfig config, TensorType type) {
    long d = config.hiddenSize();
    long queries = (long) config.heads() * config.headDim();
    long keys = (long) config.kvHeads() * config.headDim();
    List<TensorSpec> specs = new ArrayList<>();
    specs.add(TensorSpec.of(EMBEDDING, type, config.vocabSize(), d));
    for (int l = 0; l < config.layers(); l++) {
      specs.add(TensorSpec.of(layer(l, "input_layernorm.weight"), type, d));
      specs.add(TensorSpec.of(layer(l, "self_attn.q_proj.weight"), type, queries, d));
      specs.add(TensorSpec.of(layer(l, "self_attn.k_proj.weight"), type, keys, d));
      specs.add(TensorSpec.of(layer(l, "self_attn.v_proj.weight"), type, keys, d));
      specs.add(TensorSpec.of(layer(l, "self_attn.o_proj.weight"), type, d, queries));
      if (config.qkvBias()) {
        specs.add(TensorSpec.of(layer(l, "self_attn.q_proj.bias"), type, queries));
        specs.add(TensorSpec.of(layer(l, "self_attn.k_proj.bias"), type, keys));
        specs.add(TensorSpec.of(layer(l, "self_attn.v_proj.bias"), type, keys));
      }
      if (config.outputBias()) {
        specs.add(TensorSpec.of(layer(l, "self_attn.o_proj.bias"), type, d));
      }
      specs.add(TensorSpec.of(layer(l, "post_attention_layernorm.weight"), type, d));
    }
    specs.add(TensorSpec.of(NORM, type, d));
    if (!config.tiedEmbeddings()) {
      specs.add(TensorSpec.of(OUTPUT, type, config.vocabSize(), d));
    }
    return specs;
  }

  /** Returns the MLP tensors of all layers, each with this element type. */
  static List<TensorSpec> mlps(ModelConfig config, TensorType type) {
    long d = config.hiddenSize();
    long inner = config.intermediateSize();
    List<TensorSpec> specs = new ArrayList<>();
    for (int l = 0; l < config.layers(); l++) {
      specs.add(TensorSpec.of(mlp(l, "gate_proj"), type, inner, d));
      specs.add(TensorSpec.of(mlp(l, "up_proj"), type, inner, d));
      specs.add(TensorSpec.of(mlp(l, "down_proj"), type, d, inner));
    }
    return specs;
  }

  /** Returns whether a tensor is one of the attention's projections. */
  static boolean isAttention(String name) {
    return name.contains(".self_attn.");
  }

  /** Returns whether the first extent of a tensor is the vocabulary. */
  static boolean hasVocabularyRows(String name) {
    return name.equals(EMBEDDING) || name.equals(OUTPUT);
  }
}
