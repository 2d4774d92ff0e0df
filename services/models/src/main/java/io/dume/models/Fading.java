package io.dume.models;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

/**
 * The weights by which a block of scores fades into what is remembered, for the kernel "remember".
 *
 * @param decay (block, block), the triangle of (1 - c) · c^(t - s): of score s in memory t
 * @param fade (block), c^(t + 1): of what was remembered before the block in memory t
 */
record Fading(NDArray decay, NDArray fade) {

  /** Tokens of a block: powers of c within it, one remembered row between it and the next. */
  private static final int BLOCK = 128;

  /** Computes the powers of a smoothing c, in float64. */
  static Fading of(double c, NDManager owner) {
    double[] powers = new double[BLOCK + 1];
    for (int i = 0; i <= BLOCK; i++) {
      powers[i] = Math.pow(c, i);
    }
    float[] triangle = new float[BLOCK * BLOCK];
    float[] column = new float[BLOCK];
    for (int t = 0; t < BLOCK; t++) {
      column[t] = (float) powers[t + 1];
      for (int s = 0; s <= t; s++) {
        triangle[t * BLOCK + s] = (float) ((1 - c) * powers[t - s]);
      }
    }
    return new Fading(owner.create(triangle, new Shape(BLOCK, BLOCK)), owner.create(column));
  }
}
