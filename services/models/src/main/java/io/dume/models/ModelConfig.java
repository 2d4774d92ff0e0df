package io.dume.models;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;

/**
 * What a {@code config.json} of the Llama family says about a model, as far as its arithmetic is
 * concerned. Read it with {@link #read}: options that the forward pass does not know are refused
 * there by name, so a config that exists can be computed.
 *
 * @param modelType {@code llama}, {@code mistral} or {@code qwen2}
 * @param hiddenSize width d of the residual stream
 * @param layers number of blocks
 * @param heads number of query heads
 * @param kvHeads number of key and value heads; divides {@code heads}
 * @param headDim width of one head; even
 * @param intermediateSize width of the MLP's inner layer
 * @param vocabSize number of token ids
 * @param rmsNormEps added to the mean square in every norm
 * @param ropeTheta base of the rotary frequencies
 * @param ropeScaling how those frequencies are stretched
 * @param tiedEmbeddings whether the output layer is the embedding
 * @param qkvBias whether the query, key and value projections have a bias
 * @param outputBias whether the attention's output projection has a bias
 * @param maxPositionEmbeddings the longest sequence in tokens
 * @param bosTokenId the id that begins a text, if there is one
 * @param eosTokenIds the ids that end a text, the first of them being the one to write
 */
public record ModelConfig(
    String modelType,
    int hiddenSize,
    int layers,
    int heads,
    int kvHeads,
    int headDim,
    int intermediateSize,
    int vocabSize,
    double rmsNormEps,
    double ropeTheta,
    RopeScaling ropeScaling,
    boolean tiedEmbeddings,
    boolean qkvBias,
    boolean outputBias,
    int maxPositionEmbeddings,
    OptionalInt bosTokenId,
    List<Integer> eosTokenIds) {

  /** Checks that the extents fit together. */
  public ModelConfig {
    Objects.requireNonNull(modelType, "model_type");
    Objects.requireNonNull(ropeScaling, "rope_scaling");
    Objects.requireNonNull(bosTokenId, "bos_token_id");
    eosTokenIds = List.copyOf(eosTokenIds);
    requirePositive("hidden_size", hiddenSize);
    requirePositive("num_hidden_layers", layers);
    requirePositive("num_attention_heads", heads);
    requirePositive("num_key_value_heads", kvHeads);
    requirePositive("head_dim", headDim);
    requirePositive("intermediate_size", intermediateSize);
    requirePositive("vocab_size", vocabSize);
    requirePositive("max_position_embeddings", maxPositionEmbeddings);
    if (heads % kvHeads != 0) {
      throw new IllegalArgumentException(
          "num_key_value_heads = " + kvHeads + " does not divide num_attention_heads = " + heads);
    }
    if (headDim % 2 != 0) {
      throw new IllegalArgumentException(
          "head_dim = " + headDim + " is odd: rotary embeddings need an even one");
    }
  }

  private static void requirePositive(String field, int value) {
    if (value <= 0) {
      throw new IllegalArgumentException(field + " = " + value + ": must be positive");
    }
  }

  /**
   * Reads a {@code config.json}.
   *
   * @throws InvalidModelException if a field is missing or has a value that is not supported; the
   *     message names file, field and value
   */
  public static ModelConfig read(Path file) throws IOException {
    return ModelConfigReader.read(ConfigFields.read(file));
  }

  /** Returns the same configuration with another number of token ids. */
  public ModelConfig withVocabSize(int size) {
    return new ModelConfig(
        modelType,
        hiddenSize,
        layers,
        heads,
        kvHeads,
        headDim,
        intermediateSize,
        size,
        rmsNormEps,
        ropeTheta,
        ropeScaling,
        tiedEmbeddings,
        qkvBias,
        outputBias,
        maxPositionEmbeddings,
        bosTokenId,
        eosTokenIds);
  }

  /** Returns the id that ends a text, if the configuration names one. */
  public OptionalInt endOfText() {
    return eosTokenIds.isEmpty() ? OptionalInt.empty() : OptionalInt.of(eosTokenIds.get(0));
  }

  /** Reads token ids that may be absent, one number or a list of them. */
  static List<Integer> tokenIds(ConfigFields fields, String name) throws InvalidModelException {
    JsonNode value = fields.get(name);
    if (!fields.has(name)) {
      return List.of();
    }
    List<Integer> ids = new ArrayList<>();
    for (JsonNode id : value.isArray() ? value : List.of(value)) {
      if (!id.isIntegralNumber() || !id.canConvertToInt() || id.intValue() < 0) {
        throw fields.refuse(name, "a token id or a list of them is expected");
      }
      ids.add(id.intValue());
    }
    return ids;
  }
}
