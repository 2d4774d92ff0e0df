package io.dume.solver;

import io.dume.schemas.control.ControlState;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.LayerComplete;
import io.dume.schemas.message.LayerFailed;
import io.dume.schemas.message.LayerTargets;
import io.dume.schemas.message.LayerTile;
import io.dume.solver.RouterMessages.Keyed;
import io.dume.solver.RouterMessages.Solved;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntFunction;
import org.apache.avro.specific.SpecificRecord;

/** What a solver makes of a cut, on one thread and from lists instead of topics. */
public final class SolverWithoutClients {
  /** Small, so that a version has several parts. */
  private static final int PART_BYTES = 64;

  private SolverWithoutClients() {}

  /**
   * Solves a cut with EJML, or says why not.
   *
   * @param control what the control log says now
   * @param statistics the messages of each partition of layer-statistics, in order
   * @param version the number that a version gets
   * @return messages for router-versions, none if the cut is passed over; nothing at all if not
   *     every layer has arrived
   */
  public static Optional<List<SpecificRecord>> outcome(
      ControlState control,
      Cut cut,
      IntFunction<List<SpecificRecord>> statistics,
      long version,
      Instant now) {
    try {
      Fit fit = ServingFit.require(control, cut);
      LambdaChoice choice = CutSolver.choice(cut, LambdaChoice.fixed(0.01));
      CutSolver.requireSolvable(cut, fit, choice);
      Optional<List<FoldedLayer<LayerSolver>>> layers =
          layers(cut, statistics, choice.value().isEmpty());
      if (layers.isEmpty()) {
        return Optional.empty();
      }
      Solved solved =
          new Solved(
              cut,
              fit,
              solve(layers.get(), choice),
              SolveProfile.EJML,
              false,
              true,
              Optional.empty());
      return Optional.of(
          RouterMessages.version(solved, version, PART_BYTES, now).stream()
              .map(Keyed::message)
              .toList());
    } catch (UnsolvableException e) {
      boolean passedOver = cut.getRequests().isEmpty() && !ServingFit.isOf(control, cut);
      return Optional.of(
          passedOver
              ? List.of()
              : List.of(RouterMessages.refusal(cut, e.getMessage(), now).message()));
    }
  }

  private static CutSolution solve(List<FoldedLayer<LayerSolver>> layers, LambdaChoice choice)
      throws UnsolvableException {
    if (choice.value().isPresent()) {
      double lambda = choice.value().get();
      List<LayerGate> gates = new ArrayList<>();
      for (FoldedLayer<LayerSolver> layer : layers) {
        gates.add(layer.place().solve(layer.training(), lambda).gate());
      }
      return new CutSolution(lambda, List.of(), gates, Optional.empty());
    }
    return LambdaSearch.choose(
        layers.stream().map(layer -> LambdaSearch.trials(layer, Optional.empty())).toList(),
        Optional.empty());
  }

  private static Optional<List<FoldedLayer<LayerSolver>>> layers(
      Cut cut, IntFunction<List<SpecificRecord>> statistics, boolean keepHeldOut)
      throws UnsolvableException {
    SortedMap<Integer, FoldedLayer<LayerSolver>> layers = new TreeMap<>();
    CutShape shape = CutShape.of(cut);
    for (Map.Entry<Integer, Set<Integer>> entry : CutShape.layersByPartition(cut).entrySet()) {
      Set<Integer> missing = new TreeSet<>(entry.getValue());
      Optional<LayerAssembly<LayerSolver>> open = Optional.empty();
      for (SpecificRecord message : statistics.apply(entry.getKey())) {
        if (missing.isEmpty()) {
          break;
        }
        if (message instanceof LayerTile tile && isOf(cut, tile.getFit(), tile.getCut())) {
          open = Optional.of(open(open, shape, tile.getLayer(), keepHeldOut));
          open.get().add(tile);
        } else if (message instanceof LayerTargets b && isOf(cut, b.getFit(), b.getCut())) {
          open = Optional.of(open(open, shape, b.getLayer(), keepHeldOut));
          open.get().add(b);
        } else if (message instanceof LayerComplete end && isOf(cut, end.getFit(), end.getCut())) {
          layers.put(end.getLayer(), open(open, shape, end.getLayer(), keepHeldOut).complete(end));
          open = Optional.empty();
          missing.remove(end.getLayer());
        } else if (message instanceof LayerFailed failed
            && isOf(cut, failed.getFit(), failed.getCut())) {
          throw new UnsolvableException(
              "layer %d: %s".formatted(failed.getLayer(), failed.getReason()));
        }
      }
      if (!missing.isEmpty()) {
        return Optional.empty();
      }
    }
    return Optional.of(List.copyOf(layers.values()));
  }

  private static LayerAssembly<LayerSolver> open(
      Optional<LayerAssembly<LayerSolver>> open, CutShape shape, int layer, boolean keepHeldOut) {
    return open.orElseGet(
        () ->
            new LayerAssembly<>(
                shape, layer, new LayerSolver(SolveProfile.EJML.open()), keepHeldOut));
  }

  private static boolean isOf(Cut cut, Id fit, long number) {
    return cut.getFit().equals(fit) && cut.getCut() == number;
  }
}
