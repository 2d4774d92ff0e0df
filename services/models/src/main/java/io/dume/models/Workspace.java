package io.dume.models;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * Where one forward pass computes its MLPs: the inner values of one layer are written over those of
 * the layer before, since fresh memory of megabytes is mapped and zeroed page by page. Used by one
 * thread.
 */
final class Workspace {

  private final Kernels kernels;
  private final NDManager owner;
  private final List<NDArray> inner = new ArrayList<>();

  Workspace(Kernels kernels, NDManager owner) {
    this.kernels = kernels;
    this.owner = owner;
  }

  /** Returns the manager that owns what belongs to the pass. */
  NDManager owner() {
    return owner;
  }

  /**
   * Adds an MLP's output to the residual stream.
   *
   * @param hidden (tokens, d), stays as it is
   * @param x (tokens, d), stays as it is
   * @return (tokens, d)
   */
  NDArray dense(Mlp mlp, NDArray hidden, NDArray x) {
    if (inner.isEmpty()) {
      Shape shape = new Shape(x.getShape().get(0), mlp.gate().getShape().get(0));
      inner.add(owner.create(shape, x.getDataType()));
      inner.add(owner.create(shape, x.getDataType()));
    }
    return kernels.run(
        "dense", owner, hidden, x, mlp.gate(), mlp.up(), mlp.down(), inner.get(0), inner.get(1));
  }
}
