package io.dume.models;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Everything of a model but its MLPs, on a device.
 *
 * @param embedding (vocabulary, d)
 * @param layers the blocks' attention and norms
 * @param norm (d)
 * @param output (vocabulary, d); the embedding itself where they are tied
 */
record Backbone(NDArray embedding, List<Layer> layers, NDArray norm, NDArray output) {

  /**
   * A projection; a model without a bias gets one of zeros.
   *
   * @param weight (out, in)
   * @param bias (out)
   */
  record Projection(NDArray weight, NDArray bias) {}

  /**
   * One block without its MLP.
   *
   * @param attentionNorm (d), before the attention
   * @param query (heads · width, d)
   * @param key (kv heads · width, d)
   * @param value (kv heads · width, d)
   * @param output (d, heads · width)
   * @param mlpNorm (d), after the attention and before the MLP
   */
  record Layer(
      NDArray attentionNorm,
      Projection query,
      Projection key,
      Projection value,
      Projection output,
      NDArray mlpNorm) {}

  Backbone {
    layers = List.copyOf(layers);
  }

  static Backbone load(
      ModelConfig config,
      TensorFiles files,
      WeightUploader uploader,
      Optional<Fingerprint> fingerprint)
      throws IOException {
    List<Layer> layers = new ArrayList<>();
    NDArray embedding = uploader.upload(files, ModelTensors.EMBEDDING, fingerprint);
    for (int l = 0; l < config.layers(); l++) {
      layers.add(
          new Layer(
              uploader.upload(files, ModelTensors.layer(l, "input_layernorm.weight"), fingerprint),
              projection(files, l, "q_proj", config.qkvBias(), uploader, fingerprint),
              projection(files, l, "k_proj", config.qkvBias(), uploader, fingerprint),
              projection(files, l, "v_proj", config.qkvBias(), uploader, fingerprint),
              projection(files, l, "o_proj", config.outputBias(), uploader, fingerprint),
              uploader.upload(
                  files, ModelTensors.layer(l, "post_attention_layernorm.weight"), fingerprint)));
    }
    NDArray norm = uploader.upload(files, ModelTensors.NORM, fingerprint);
    NDArray output =
        config.tiedEmbeddings()
            ? embedding
            : uploader.upload(files, ModelTensors.OUTPUT, fingerprint);
    return new Backbone(embedding, layers, norm, output);
  }

  private static Projection projection(
      TensorFiles files,
      int layer,
      String part,
      boolean bias,
      WeightUploader uploader,
      Optional<Fingerprint> fingerprint)
      throws IOException {
    String name = ModelTensors.layer(layer, "self_attn." + part);
    NDArray weight = uploader.upload(files, name + ".weight", fingerprint);
    return new Projection(
        weight,
        bias
            ? uploader.upload(files, name + ".bias", fingerprint)
            : uploader.zeros(weight.getShape().get(0)));
  }
}
