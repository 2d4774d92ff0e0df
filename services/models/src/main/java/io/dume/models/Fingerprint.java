package io.dume.models;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
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
    this.head =
        "hidden_size %d%nnum_attention_heads %d%nnum_key_value_heads %d%nhead_dim %d%nrms_norm_eps %s%nrope_theta %s%nrope_scaling %s%ntie_word_embeddings %s%nintermediate_size %d%nnum_hidden_layers %d%n"
            .formatted(
                config.hiddenSize(),
                config.heads(),
                config.kvHeads(),
                config.headDim(),
                config.rmsNormEps(),
                config.ropeTheta(),
                config.ropeScaling(),
                config.tiedEmbeddings(),
                config.intermediateSize(),
                config.layers())
            .replace(System.lineSeparator(), "\n");
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
