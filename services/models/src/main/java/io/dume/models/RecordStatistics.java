package io.dume.models;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * The features of one record in every layer, still on the device: x, the input of the MLP, or of
 * {@link TokenEmbeddings} the token's embedding in the only layer, one row a token. Ask {@link
 * #firstNonFiniteLayer} before anything is taken from it. Close it to free the device's memory (4 ·
 * tokens · d · layers bytes). Not for use by several threads.
 */
public final class RecordStatistics implements AutoCloseable {

  /**
   * Rows of the Gram matrix that are one product: a narrower band computes less of the lower
   * triangle, which nobody reads, and a wider one is faster for what it computes.
   */
  private static final int BANDS = 6;

  private static final int MIN_BAND = 128;

  private final Kernels kernels;
  private final NDManager manager;
  private final int hiddenSize;
  private final List<List<NDArray>> features = new ArrayList<>();
  private final Rows first;
  private final long tokens;
  private double[] largest = new double[0];

  /** Where a sequence is: rows of the features of one of the forward passes. */
  record Rows(int run, int from, int to) {
    /** Returns where the first sequence is, given the indexes of the sequences in each run. */
    static Rows ofFirst(List<List<Integer>> runs, List<int[]> sequences) {
      for (int run = 0; run < runs.size(); run++) {
        int from = 0;
        for (int i : runs.get(run)) {
          if (i == 0) {
            return new Rows(run, from, from + sequences.get(0).length);
          }
          from += sequences.get(i).length;
        }
      }
      throw new IllegalArgumentException("no run has the first sequence");
    }
  }

  RecordStatistics(
      Kernels kernels, NDManager manager, int layers, int hiddenSize, Rows first, long tokens) {
    this.kernels = kernels;
    this.manager = manager;
    this.hiddenSize = hiddenSize;
    this.first = first;
    this.tokens = tokens;
    for (int l = 0; l < layers; l++) {
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
    for (int l = 0; l < layers(); l++) {
      if (!Double.isFinite(largestDiagonal(l))) {
        return OptionalInt.of(l);
      }
    }
    return OptionalInt.empty();
  }

  /**
   * The largest diagonal entry of a layer's Gram matrix in float64, which bounds the magnitude of
   * all its entries. It is summed in another order than {@link #gram} sums, so it may differ from
   * that matrix's own diagonal in the last bits. Computed for all layers at the first call.
   *
   * @return not finite if, and only if, a feature of the layer is not
   */
  public double largestDiagonal(int layer) {
    if (largest.length == 0) {
      largest = IntStream.range(0, layers()).mapToDouble(this::sumLargestDiagonal).toArray();
    }
    return largest[layer];
  }

  // The square of a float32 is far from float64's end: only what is not finite gives such a sum.
  private double sumLargestDiagonal(int layer) {
    double[] diagonal = new double[hiddenSize];
    try (NDManager scratch = manager.newSubManager()) {
      for (NDArray x : features.get(layer)) {
        double[] part = kernels.run("squares", scratch, x).toDoubleArray();
        for (int i = 0; i < hiddenSize; i++) {
          diagonal[i] += part[i];
        }
      }
    }
    double max = tokens;
    for (double value : diagonal) {
      max = Math.max(max, value);
    }
    return max;
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
   * @param out receives the upper triangle of the (d+1) × (d+1) matrix, row-major; below the
   *     diagonal it stays as it is
   * @throws IllegalArgumentException if {@code out} has another length
   */
  public void gram(int layer, GramType type, double[] out) {
    int n = hiddenSize + 1;
    if (out.length != n * n) {
      throw new IllegalArgumentException(
          "the Gram matrix has " + n + " x " + n + " entries, the array " + out.length);
    }
    long rows = 0;
    try (NDManager scratch = manager.newSubManager()) {
      NDArray sum = scratch.zeros(new Shape(n, n), DataType.FLOAT64);
      for (NDArray x : features.get(layer)) {
        rows += x.getShape().get(0);
        add(sum, type == GramType.FLOAT64 ? kernels.run("widen", scratch, x) : x, scratch);
      }
      DoubleBuffer values =
          ((PtNDArray) sum).toByteBuffer(true).order(ByteOrder.nativeOrder()).asDoubleBuffer();
      for (int row = 0; row < n; row++) {
        int diagonal = row * n + row;
        values.get(diagonal, out, diagonal, n - row);
      }
    }
    out[out.length - 1] = rows;
  }

  /** Adds the upper triangle of xᵀx in bands of rows, and the sums of x in the last column. */
  private void add(NDArray sum, NDArray x, NDManager scratch) {
    int band = Math.max(MIN_BAND, (hiddenSize + BANDS - 1) / BANDS);
    for (int from = 0; from < hiddenSize; from += band) {
      int to = Math.min(hiddenSize, from + band);
      kernels.run("gram", scratch, sum, x, from, to).close();
    }
    kernels.run("edge", scratch, sum, x).close();
  }

  /** Returns the features of the record's first sequence, (tokens, d), row-major. */
  public float[] firstSequenceFeatures(int layer) {
    try (NDManager scratch = manager.newSubManager()) {
      NDArray x = features.get(layer).get(first.run());
      NDArray rows = x.get(new NDIndex().addSliceDim(first.from(), first.to()));
      rows.attach(scratch);
      return rows.toFloatArray();
    }
  }

  @Override
  public void close() {
    manager.close();
  }
}
