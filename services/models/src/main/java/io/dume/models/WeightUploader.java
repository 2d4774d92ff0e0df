package io.dume.models;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.util.Optional;

/**
 * Brings tensors to the device as float32, part by part through one direct buffer, so that loading
 * takes no more memory of the host than that buffer, whatever the size of a tensor.
 */
final class WeightUploader {

  /** Hands all elements of a tensor to a sink. */
  @FunctionalInterface
  interface Source {
    void sendTo(TensorFiles.Sink sink) throws IOException;
  }

  private final NDManager owner;
  private final ByteBuffer staging;

  private WeightUploader(NDManager owner, ByteBuffer staging) {
    this.owner = owner;
    this.staging = staging;
  }

  /**
   * Makes an uploader.
   *
   * @param owner the manager that will own every array, and so says on which device they are
   */
  WeightUploader(NDManager owner) {
    this(
        owner,
        ByteBuffer.allocateDirect(TensorFiles.CHUNK * Float.BYTES).order(ByteOrder.nativeOrder()));
  }

  /** Returns an uploader for another owner that shares this one's buffer. */
  WeightUploader into(NDManager other) {
    return new WeightUploader(other, staging);
  }

  /** Uploads a tensor of a file as it is, adding its digest to a fingerprint if there is one. */
  NDArray upload(TensorFiles files, String name, Optional<Fingerprint> fingerprint)
      throws IOException {
    TensorSpec spec = files.spec(name);
    Optional<MessageDigest> digest = fingerprint.map(any -> Fingerprint.sha256());
    NDArray array = upload(spec, sink -> files.stream(name, digest, sink));
    if (fingerprint.isPresent()) {
      fingerprint.get().add(spec, digest.orElseThrow());
    }
    return array;
  }

  /** Uploads the elements that a source sends, in the shape of the spec. */
  NDArray upload(TensorSpec spec, Source source) throws IOException {
    NDArray flat = owner.create(new Shape(spec.elements()), DataType.FLOAT32);
    source.sendTo((from, values, count) -> put(flat, from, values, count));
    return flat.reshape(new Shape(spec.shape()));
  }

  private void put(NDArray flat, long from, float[] values, int count) {
    staging.clear();
    staging.asFloatBuffer().put(values, 0, count);
    staging.limit(count * Float.BYTES);
    try (NDManager scratch = owner.newSubManager()) {
      NDArray part = scratch.create(staging.slice(), new Shape(count), DataType.FLOAT32);
      flat.set(new NDIndex().addSliceDim(from, from + count), part);
    }
  }

  /** Makes a vector of zeros, for a bias that a model does not have. */
  NDArray zeros(long extent) {
    return owner.zeros(new Shape(extent), DataType.FLOAT32);
  }
}
