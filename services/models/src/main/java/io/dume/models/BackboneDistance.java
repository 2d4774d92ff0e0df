package io.dume.models;

import java.io.IOException;
import java.security.MessageDigest;
import java.util.Optional;

/**
 * How far an expert's own weights outside of the MLPs lie from the backbone that it joins, tensor
 * by tensor: |expert − backbone| / max(|expert|, |backbone|) with Frobenius norms, 0 where they are
 * equal. The backbone's fingerprint is taken on the way, since every byte passes by.
 */
final class BackboneDistance {

  private MoErge.Distance attention = MoErge.Distance.NONE;
  private MoErge.Distance rest = MoErge.Distance.NONE;

  private BackboneDistance() {}

  /**
   * Reads both.
   *
   * @throws InvalidModelException if the backbone is not the one of its manifest, or a number is
   *     not finite
   */
  static BackboneDistance between(MergedModel merged, Checkpoint expert) throws IOException {
    BackboneDistance distance = new BackboneDistance();
    Fingerprint read = new Fingerprint(merged.config());
    for (TensorSpec expected : ModelTensors.backbone(merged.config(), TensorType.F32)) {
      distance.add(merged.backbone(), expert.tensors(), expected.name(), read);
    }
    merged.verifyBackbone(read);
    return distance;
  }

  private void add(TensorFiles backbone, TensorFiles expert, String name, Fingerprint read)
      throws IOException {
    TensorSpec spec = backbone.spec(name);
    MessageDigest digest = Fingerprint.sha256();
    float[] own = new float[(int) Math.min(TensorFiles.CHUNK, spec.elements())];
    double[] squares = new double[3];
    backbone.stream(
        name,
        Optional.of(digest),
        (from, values, count) -> {
          // A larger vocabulary's first rows, which are the shared ones, are its first elements.
          expert.read(name, from, own, count);
          for (int i = 0; i < count; i++) {
            double difference = (double) own[i] - values[i];
            squares[0] += difference * difference;
            squares[1] += (double) own[i] * own[i];
            squares[2] += (double) values[i] * values[i];
          }
        });
    read.add(spec, digest);
    double larger = Math.sqrt(Math.max(squares[1], squares[2]));
    double relative = larger == 0 ? 0 : Math.sqrt(squares[0]) / larger;
    MoErge.Distance distance = new MoErge.Distance(name, relative);
    if (ModelTensors.isAttention(name)) {
      attention = attention.orLarger(distance);
    } else {
      rest = rest.orLarger(distance);
    }
  }

  /** Returns the largest of the attention's weights and biases. */
  MoErge.Distance attention() {
    return attention;
  }

  /** Returns the largest of the norms, the embedding and the output layer. */
  MoErge.Distance rest() {
    return rest;
  }
}
