package io.dume.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * The fold as it runs in production, against a consumer of the same partition: staged, sequenced,
 * exactly once, with eight flushes that touch the same tiles between two commits.
 */
final class FoldMeasurement implements Measurement {
  private static final int FOLDS = 8;
  private static final int WIDTH = 768;
  private static final int LAYERS = 12;

  @Override
  public String name() {
    return "fold";
  }

  @Override
  public String description() {
    return "flushes of d = %d, %d layers: staged, ordered, added and committed, %d folds a tile between commits"
        .formatted(WIDTH, LAYERS, FOLDS);
  }

  @Override
  public List<Figure> run(Bench bench) throws Exception {
    SyntheticFlushes flushes = SyntheticFlushes.of("fold", WIDTH, LAYERS, 1, 1);
    int groups = bench.either(1, 4);
    bench.progress().accept("writing %d flushes".formatted(groups * FOLDS));
    // Room for the sums that change, and for flushes that wait for their order.
    long cache = 4 * flushes.bytes();
    try (FoldMeasurementLog log =
        FoldMeasurementLog.write(bench.scratch(), flushes, groups, FOLDS, cache)) {
      double megabytes = log.foldedBytes() * 1e-6;
      List<Double> written = new ArrayList<>();
      Rounds rounds =
          Rounds.alternate(
              1,
              bench.either(3, 7),
              () -> {
                double seconds = log.fold();
                written.add((double) log.changelogBytes() / log.foldedBytes());
                bench.progress().accept("folded at %.0f MB/s".formatted(megabytes / seconds));
                return megabytes / seconds;
              },
              () -> megabytes / log.consume());
      Samples amplification =
          new Samples(written.stream().mapToDouble(Double::doubleValue).toArray());
      return List.of(
          Figure.against(
              "fold, staged, sequenced, exactly once, %d folds a tile between commits"
                  .formatted(FOLDS),
              "MB/s",
              rounds,
              Target.ratioAtLeast(0.8)),
          Figure.of("changelog bytes per folded byte", "bytes", amplification)
              .toReach(Target.valueAtMost(0.2)));
    }
  }
}
