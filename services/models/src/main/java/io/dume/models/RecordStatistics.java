package io.dume.models;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * The features of one record in every layer, still on the device: x, the input of the MLP, one row
 * a token. Ask {@link #firstNonFiniteLayer} before anything is taken from it. Close it to free the
 * device's memory (4 · tokens · d · layers bytes). Not for use by several threads.
 */
public final class RecordStatistics implements AutoCloseable {

  private final Kernels kernels;
  private final NDManager manager;
  private final int hiddenSize;
  private final List<List<NDArray>> features = new ArrayList<>();
  private final int firstLength;
  private final long tokens;

  RecordStatistics(
      Kernels kernels, NDManager manager, ModelConfig config, int firstLength, long tokens) {
    this.kernels = kernels;
    this.manager = manager;
    this.hiddenSize = config.hiddenSize();
    this.firstLength = firstLength;
    this.tokens = tokens;
    for (int l = 0; l < config.layers(); l++) {
      features.add(new ArrayList<>());
    }
  }

  void add(int layer, NDArray x) {
    x.attach(manager);
    features.get(layer).add(x);
  }

  /** Returns how many tokens count: the first {@code contextDim} of each sequence. */
  public long tokens() {
    return tokens;
  }

  /** Returns the number of layers. */
  public int layers() {
    return features.size();
  }

  /** Returns the first layer that has a feature that is NaN or infinite, if one has. */
  public OptionalInt firstNonFiniteLayer() {
    try (NDManager scratch = manager.newSubManager()) {
      for (int l = 0; l < layers(); l++) {
        for (NDArray x : features.get(l)) {
          if (!kernels.run("finite", scratch, x).getBoolean()) {
            return OptionalInt.of(l);
          }
        }
      }
    }
    return OptionalInt.empty();
  }

  /**
   * Computes the largest diagonal entry of a layer's Gram matrix in float64, which bounds the
   * magnitude of all its entries. It is summed in another order than {@link #gram} sums, so it may
   * differ from that matrix's own diagonal in the last bits.
   */
  public double largestDiagonal(int layer) {
    double[] diagonal = new double[hiddenSize];
    try (NDManager scratch = manager.newSubManager()) {
      for (NDArray x : features.get(layer)) {
        double[] part = kernels.run("squares", scratch, x).toDoubleArray();
        for (int i = 0; i < hiddenSize; i++) {
          diagonal[i] += part[i];
        }
      }
    }
    double largest = tokens;
    for (double value : diagonal) {
      largest = Math.max(largest, value);
    }
    return largest;
  }

  /** Computes a layer's Gram matrix with float64 products: see the other {@code gram}. */
  public void gram(int layer, double[] out) {
    gram(layer, GramType.FLOAT64, out);
  }

  /**
   * Computes Σ [x;1][x;1]ᵀ over the tokens of one layer.
   *
   * @param layer the layer
   * @param type the type of the products of one forward pass; those of several are added in float64
   * @param out receives the (d+1) × (d+1) matrix, row-major, whole and exactly symmetric
   * @throws IllegalArgumentException if {@code out} has another length
   */
  public void gram(int layer, GramType type, double[] out) {
    int n = hiddenSize + 1;
    if (out.length != n * n) {
      throw new IllegalArgumentException(
          "the Gram matrix has " + n + " x " + n + " entries, the array " + out.length);
    }
    String function = type == GramType.FLOAT64 ? "gram64" : "gram32";
    try (NDManager scratch = manager.newSubManager()) {
      NDArray sum = scratch.zeros(new Shape(n, n), DataType.FLOAT64);
      for (NDArray x : features.get(layer)) {
        NDArray grown = kernels.run(function, scratch, sum, x);
        sum.close();
        sum = grown;
      }
      System.arraycopy(sum.toDoubleArray(), 0, out, 0, out.length);
    }
    // A matrix product need not give both triangles the same last bit.
    for (int row = 1; row < n; row++) {
      for (int column = 0; column < row; column++) {
        out[row * n + column] = out[column * n + row];
      }
    }
  }

  /** Returns the features of the record's first sequence, (tokens, d), row-major. */
  public float[] firstSequenceFeatures(int layer) {
    try (NDManager scratch = manager.newSubManager()) {
      NDArray x = features.get(layer).get(0);
      NDArray first = x.get("0:" + firstLength);
      first.attach(scratch);
      return first.toFloatArray();
    }
  }

  @Override
  public void close() {
    manager.close();
  }
}
