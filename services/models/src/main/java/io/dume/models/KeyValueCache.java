package io.dume.models;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * The keys and values of all tokens of one sequence, layer by layer, on a device: what attention
 * needs of them when the next one comes. It has room for some tokens and doubles when that is used
 * up: 8 bytes · kv heads · head_dim · layers a token of room, and a layer's as much again while it
 * grows. Used by one thread.
 */
final class KeyValueCache {

  private static final int FIRST_ROOM = 256;

  private final ModelConfig config;
  private final Kernels kernels;
  private final NDManager owner;
  private final NDArray later;
  private final List<NDArray> keys = new ArrayList<>();
  private final List<NDArray> values = new ArrayList<>();
  private int room;
  private int length;

  /**
   * A cache of nothing.
   *
   * @param owner owns all that is kept
   */
  KeyValueCache(ModelConfig config, Kernels kernels, NDManager owner) {
    this.config = config;
    this.kernels = kernels;
    this.owner = owner;
    later = Attention.later(owner);
    room = Math.min(FIRST_ROOM, config.maxPositionEmbeddings());
    Shape shape = new Shape(config.kvHeads(), room, config.headDim());
    for (int l = 0; l < config.layers(); l++) {
      keys.add(owner.zeros(shape, DataType.FLOAT32));
      values.add(owner.zeros(shape, DataType.FLOAT32));
    }
  }

  /** Returns how many tokens are there. */
  int length() {
    return length;
  }

  /** Makes room for more tokens; there are never more than the model has positions. */
  void reserve(int tokens) {
    int needed = length + tokens;
    if (needed <= room) {
      return;
    }
    int larger = Math.min(config.maxPositionEmbeddings(), Math.max(needed, 2 * room));
    for (List<NDArray> kept : List.of(keys, values)) {
      kept.replaceAll(
          cache -> {
            NDArray longer = kernels.run("lengthen", owner, cache, larger - room);
            cache.close();
            return longer;
          });
    }
    room = larger;
  }

  /** Returns those of the arguments of "attend_after" that say where a layer's tokens are kept. */
  List<Object> layout(int layer) {
    return List.of(keys.get(layer), values.get(layer), later, length);
  }

  /** Says that so many tokens were written, in all layers. */
  void grown(int tokens) {
    length += tokens;
  }
}
