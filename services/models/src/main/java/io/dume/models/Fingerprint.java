package io.dume.models;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;

/**
 * A SHA-256 over named tensors that does not depend on the order in which they are read: each
 * tensor has a digest of its bytes as stored, and the fingerprint is the digest of the sorted list
 * of names, types, shapes and digests. One changed bit anywhere changes it.
 */
final class Fingerprint {

  private final Map<String, String> lines = new TreeMap<>();
  private final String head;

  /** Starts a fingerprint of tensors alone. */
  Fingerprint() {
    this.head = "tensors\n";
  }

  /**
   * Starts a fingerprint of tensors and of the configuration that says how to compute with them.
   */
  Fingerprint(ModelConfig config) {
    StringJoiner fields = new StringJoiner("\n", "", "\n");
    fields.add("hidden_size " + config.hiddenSize());
    fields.add("num_attention_heads " + config.heads());
    fields.add("num_key_value_heads " + config.kvHeads());
    fields.add("head_dim " + config.headDim());
    fields.add("rms_norm_eps " + config.rmsNormEps());
    fields.add("rope_theta " + config.ropeTheta());
    fields.add("rope_scaling " + config.ropeScaling());
    fields.add("tie_word_embeddings " + config.tiedEmbeddings());
    fields.add("intermediate_size " + config.intermediateSize());
    fields.add("num_hidden_layers " + config.layers());
    this.head = fields.toString();
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Adds a tensor whose bytes went through a digest. */
  void add(TensorSpec spec, MessageDigest bytes) {
    lines.put(
        spec.name(),
        spec.type() + " " + spec.shape() + " " + HexFormat.of().formatHex(bytes.digest()));
  }

  /** Returns the fingerprint of what was added: 64 hexadecimal digits. */
  String hex() {
    StringBuilder text = new StringBuilder(head);
    lines.forEach((name, line) -> text.append(name).append(' ').append(line).append('\n'));
    byte[] digest = sha256().digest(text.toString().getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(digest);
  }
}
