package io.dume.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The fold as it runs in production, against a consumer of the same partition: staged, sequenced,
 * exactly once, with eight flushes that touch the same tiles between two commits.
 *
 * <p>Beside it what Kafka itself leaves of that rate where the broker has the same cores: a plain
 * consumer whose producer writes every eighth flush again in a transaction, which is what the
 * changelog of the sums takes.
 */
final class FoldMeasurement implements Measurement {
  private static final int FOLDS = 8;
  private static final int WIDTH = 768;

  private static final int LAYERS = 12;
  private static final int QUICK_LAYERS = 6;

  /** Nearly half of the processor time of the first gigabytes is the compiler's. */
  private static final int WARM_UPS = 3;

  @Override
  public String name() {
    return "fold";
  }

  @Override
  public String description() {
    return "flushes of d = %d: staged, ordered, added and committed, %d folds a tile between commits"
        .formatted(WIDTH, FOLDS);
  }

  @Override
  public List<Figure> run(Bench bench) throws Exception {
    SyntheticFlushes flushes =
        SyntheticFlushes.of("fold", WIDTH, bench.either(QUICK_LAYERS, LAYERS), 1, 1);
    int groups = bench.either(1, 4);
    // In a quick run the fold of what is being written must do.
    int warmUps = bench.either(0, WARM_UPS);
    bench.progress().accept("writing %d flushes".formatted(groups * FOLDS));
    // Room for the sums that change, and for flushes that wait for their order.
    long cache = 4 * flushes.bytes();
    try (FoldMeasurementLog log =
        FoldMeasurementLog.write(bench.scratch(), flushes, groups, FOLDS, cache)) {
      double megabytes = log.foldedBytes() * 1e-6;
      List<Double> amplifications = new ArrayList<>();
      List<Double> written = new ArrayList<>();
      List<Double> ofFloor = new ArrayList<>();
      Rounds rounds =
          Rounds.alternate(
              warmUps,
              bench.either(2, 7),
              () -> {
                double seconds = log.fold();
                amplifications.add((double) log.changelogBytes() / log.foldedBytes());
                bench.progress().accept("folded at %.0f MB/s".formatted(megabytes / seconds));
                return megabytes / seconds;
              },
              () -> {
                double seconds = log.consume();
                double writing = log.consumeAndWrite();
                written.add(megabytes / writing);
                ofFloor.add(seconds / writing);
                return megabytes / seconds;
              });
      Samples plain = samples(written, warmUps);
      return List.of(
          Figure.against(
              "fold, staged, sequenced, exactly once, %d folds a tile between commits"
                  .formatted(FOLDS),
              "MB/s",
              rounds,
              Target.ratioAtLeast(0.8)),
          new Figure(
              "no fold: consuming, every %dth flush written in a transaction".formatted(FOLDS),
              "MB/s",
              plain.median(),
              plain.spread(),
              OptionalDouble.of(rounds.floor().median()),
              OptionalDouble.of(samples(ofFloor, warmUps).median()),
              Optional.empty()),
          Figure.of("changelog bytes per folded byte", "bytes", samples(amplifications, warmUps))
              .toReach(Target.valueAtMost(0.2)));
    }
  }

  private static Samples samples(List<Double> all, int warmUps) {
    return new Samples(all.stream().skip(warmUps).mapToDouble(Double::doubleValue).toArray());
  }
}
