package io.dume.solver;

import io.dume.schemas.message.LayerComplete;
import io.dume.schemas.message.LayerTargets;
import io.dume.schemas.message.LayerTile;
import java.util.Optional;

/**
 * Puts one layer of a cut together from its messages: the sums that a router is solved from and,
 * where the cut has them, those of the held-out tokens. Not thread-safe.
 *
 * @param <P> what takes the A that a router is solved from
 */
final class LayerAssembly<P extends MatrixPlace> {
  private final int layer;
  private final P place;
  private final SumAssembly training;
  private final Optional<SumAssembly> heldOut;
  private final Optional<HeapMatrix> heldOutPlace;

  /**
   * @param place takes A
   * @param keepHeldOut whether the held-out sums are wanted; else they are only checked
   */
  LayerAssembly(CutShape shape, int layer, P place, boolean keepHeldOut) {
    this.layer = layer;
    this.place = place;
    this.training = new SumAssembly(shape, layer, "", shape.tokens(), Optional.of(place));
    this.heldOutPlace =
        shape.heldOutTokens().filter(tokens -> keepHeldOut).map(tokens -> new HeapMatrix());
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
                        heldOutPlace.map(MatrixPlace.class::cast)));
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

  FoldedLayer<P> complete(LayerComplete message) throws UnsolvableException {
    RightHandSides wanted = training.complete(message.getTiles());
    if (heldOut.isEmpty()) {
      if (message.getHeldOutTiles() != 0) {
        throw failure(
            layer,
            "%d held-out tiles were sent, and the cut has no held-out domain"
                .formatted(message.getHeldOutTiles()));
      }
      return new FoldedLayer<>(place, wanted, Optional.empty());
    }
    RightHandSides held = heldOut.get().complete(message.getHeldOutTiles());
    return new FoldedLayer<>(place, wanted, heldOutPlace.map(a -> statistics(a, held)));
  }

  /** A and b together. */
  static LayerStatistics statistics(HeapMatrix a, RightHandSides b) {
    return new LayerStatistics(b.layer(), b.size(), b.experts(), a.values(), b.b());
  }

  static UnsolvableException failure(int layer, String problem) {
    return new UnsolvableException("statistics of layer %d: %s".formatted(layer, problem));
  }
}
