package io.dume.solver;

import io.dume.schemas.message.LayerComplete;
import io.dume.schemas.message.LayerTargets;
import io.dume.schemas.message.LayerTile;
import java.util.Optional;

/**
 * Puts one layer of a cut together from its messages: the sums that a router is solved from and,
 * where the cut has them, those of the held-out tokens. Not thread-safe.
 */
final class LayerAssembly {
  private final int layer;
  private final SumAssembly training;
  private final Optional<SumAssembly> heldOut;

  /**
   * @param keepHeldOut whether the held-out sums are wanted; else they are only checked
   * @param matrices where the places for the sums come from
   */
  LayerAssembly(CutShape shape, int layer, boolean keepHeldOut, Matrices matrices) {
    this.layer = layer;
    this.training =
        new SumAssembly(shape, layer, "", shape.tokens(), Optional.of(matrices.take(shape.size())));
    this.heldOut =
        shape
            .heldOutTokens()
            .map(
                tokens ->
                    new SumAssembly(
                        shape,
                        layer,
                        "held-out ",
                        tokens,
                        keepHeldOut ? Optional.of(matrices.take(shape.size())) : Optional.empty()));
  }

  void add(LayerTile tile) throws UnsolvableException {
    sums(tile.getHeldOut()).add(tile);
  }

  void add(LayerTargets targets) throws UnsolvableException {
    sums(targets.getHeldOut()).add(targets);
  }

  private SumAssembly sums(boolean ofHeldOut) throws UnsolvableException {
    if (!ofHeldOut) {
      return training;
    }
    return heldOut.orElseThrow(
        () -> failure(layer, "held-out sums came, and the cut has no held-out domain"));
  }

  FoldedLayer complete(LayerComplete message) throws UnsolvableException {
    LayerStatistics wanted =
        training
            .complete(message.getTiles())
            .orElseThrow(() -> new IllegalStateException("sums for training are always kept"));
    if (heldOut.isEmpty()) {
      if (message.getHeldOutTiles() != 0) {
        throw failure(
            layer,
            "%d held-out tiles were sent, and the cut has no held-out domain"
                .formatted(message.getHeldOutTiles()));
      }
      return new FoldedLayer(wanted, Optional.empty());
    }
    return new FoldedLayer(wanted, heldOut.get().complete(message.getHeldOutTiles()));
  }

  static UnsolvableException failure(int layer, String problem) {
    return new UnsolvableException("statistics of layer %d: %s".formatted(layer, problem));
  }
}
