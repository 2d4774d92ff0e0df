package io.dume.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;

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

  /** Nearly half of the processor time of the first ten gigabytes is the compiler's. */
  private static final int WARM_UPS = 4;

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
    int groups = bench.either(1, 8);
    // In a quick run the fold of what is being written must do.
    int warmUps = bench.either(0, WARM_UPS);
    bench.progress().accept("writing %d flushes".formatted(groups * FOLDS));
    // Room for the sums that change, and for flushes that wait for their order.
    long cache = 4 * flushes.bytes();
    try (FoldMeasurementLog log =
        FoldMeasurementLog.write(bench.scratch(), flushes, groups, FOLDS, cache)) {
      double gigabytes = log.foldedBytes() * 1e-9;
      List<Double> amplifications = new ArrayList<>();
      List<Spent> folds = new ArrayList<>();
      List<Spent> reads = new ArrayList<>();
      List<Spent> writes = new ArrayList<>();
      Rounds rounds =
          Rounds.alternate(
              warmUps,
              bench.either(2, 6),
              () -> {
                Spent spent = log.fold();
                folds.add(spent);
                amplifications.add((double) log.changelogBytes() / log.foldedBytes());
                double rate = 1000 * gigabytes / spent.seconds();
                bench.progress().accept("folded at %.0f MB/s".formatted(rate));
                return rate;
              },
              () -> {
                reads.add(log.consume());
                writes.add(log.consumeAndWrite());
                return 1000 * gigabytes / reads.get(reads.size() - 1).seconds();
              });
      List<Figure> figures = new ArrayList<>();
      figures.add(
          Figure.against(
              "fold, staged, sequenced, exactly once, %d folds a tile between commits"
                  .formatted(FOLDS),
              "MB/s",
              rounds,
              Target.ratioAtLeast(0.8)));
      figures.add(
          beside(
              "no fold: consuming, every %dth flush written in a transaction".formatted(FOLDS),
              "MB/s",
              samples(writes, warmUps, spent -> 1000 * gigabytes / spent.seconds()),
              samples(reads, warmUps, spent -> 1000 * gigabytes / spent.seconds())));
      figures.add(
          Figure.of(
                  "changelog bytes per folded byte",
                  "bytes",
                  samples(amplifications, warmUps, a -> a))
              .toReach(Target.valueAtMost(0.2)));
      // Where the cores are the limit, no rate is higher than cores / processor time.
      ToDoubleFunction<Spent> processor = spent -> spent.processor() / gigabytes;
      Samples floor = samples(reads, warmUps, processor);
      figures.add(
          beside(
              "fold, processor time, broker and compiler too",
              "s/GB",
              samples(folds, warmUps, processor),
              floor));
      figures.add(
          beside(
              "no fold, processor time, broker and compiler too",
              "s/GB",
              samples(writes, warmUps, processor),
              floor));
      return figures;
    }
  }

  /** A figure with the floor of the same rounds and no target. */
  private static Figure beside(String name, String unit, Samples value, Samples floor) {
    return new Figure(
        name,
        unit,
        value.median(),
        value.spread(),
        OptionalDouble.of(floor.median()),
        OptionalDouble.of(value.median() / floor.median()),
        Optional.empty());
  }

  private static <T> Samples samples(List<T> all, int warmUps, ToDoubleFunction<T> value) {
    return new Samples(all.stream().skip(warmUps).mapToDouble(value).toArray());
  }
}
