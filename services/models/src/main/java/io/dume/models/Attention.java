package io.dume.models;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;

/** How attention goes over a batch. Both ways compute the same up to rounding. */
enum Attention {
  /**
   * Sequence by sequence in blocks of queries: no pads, and scores that stay in a processor's
   * cache. libtorch's fused attention takes half as long again there.
   */
  BY_SEQUENCE("attend_by_sequence") {
    @Override
    List<Object> layout(Batch batch, NDManager owner) {
      return List.of(owner.create(batch.ends()), later(owner), batch.rows());
    }
  },

  /** All sequences at once as a padded grid, by libtorch's fused attention: few large steps. */
  AS_GRID("attend_as_grid") {
    @Override
    List<Object> layout(Batch batch, NDManager owner) {
      return List.of(
          owner.create(batch.grid()),
          owner.create(batch.places()),
          batch.padded() ? 1 : 0,
          batch.rows(),
          batch.length());
    }
  };

  /**
   * Queries of a block: what a larger one computes of later keys in vain is more than what a
   * smaller one loses in small products.
   */
  private static final int BLOCK = 64;

  private final String function;

  Attention(String function) {
    this.function = function;
  }

  static Attention on(Device device) {
    return device.kind() == Device.Kind.CPU ? BY_SEQUENCE : AS_GRID;
  }

  /** Returns which keys of a block come after a query of the same block: (queries, keys). */
  static NDArray later(NDManager owner) {
    boolean[] later = new boolean[BLOCK * BLOCK];
    for (int query = 0; query < BLOCK; query++) {
      for (int key = query + 1; key < BLOCK; key++) {
        later[query * BLOCK + key] = true;
      }
    }
    return owner.create(later, new Shape(BLOCK, BLOCK));
  }

  /** Returns the name of the kernel. */
  String function() {
    return function;
  }

  /** Returns those of the kernel's arguments that say where a batch's tokens stand. */
  abstract List<Object> layout(Batch batch, NDManager owner);
}
