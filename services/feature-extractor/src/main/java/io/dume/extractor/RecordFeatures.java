package io.dume.extractor;

import java.util.OptionalInt;

/**
 * The features of one record in every layer, before anything of them is summed. A worker asks
 * whether they can be summed first, and takes one matrix at a time then. Used by one thread.
 */
public interface RecordFeatures extends AutoCloseable {
  /**
   * How many tokens have features.
   *
   * @return those that went into the forward pass
   */
  long tokens();

  /**
   * Where features can't be used.
   *
   * @return the first layer with a NaN or an infinite value, if there is one
   */
  OptionalInt firstNonFiniteLayer();

  /**
   * The largest diagonal entry of a layer's Gram matrix, which bounds all entries. May differ from
   * the matrix's own in the last bits.
   *
   * @param layer the layer
   * @return at least {@link #tokens()}
   */
  double largestDiagonal(int layer);

  /**
   * Sums {@code [x; 1][x; 1]ᵀ} over the tokens.
   *
   * @param layer the layer
   * @param out receives the upper triangle of n x n values, row-major, n = d + 1; nobody reads what
   *     is below
   */
  void gram(int layer, double[] out);

  @Override
  void close();
}
