package io.dume.bench;

import java.util.List;

/**
 * How long a start takes longer when the state directory is lost, against a consumer of the
 * changelogs. Both starts are of the same process on the same topics, and differ in the stores
 * alone.
 */
final class RestoreMeasurement implements Measurement {
  private static final int WIDTH = 768;
  private static final int LAYERS = 12;
  private static final int DOMAINS = 4;

  @Override
  public String name() {
    return "restore";
  }

  @Override
  public String description() {
    return "the accumulator's start after a lost state directory, d = %d, %d layers, %d domains"
        .formatted(WIDTH, LAYERS, DOMAINS);
  }

  @Override
  public List<Figure> run(Bench bench) throws Exception {
    SyntheticFlushes flushes = SyntheticFlushes.of("restore", WIDTH, LAYERS, DOMAINS, 1);
    int groups = bench.either(1, 8);
    bench.progress().accept("writing %d flushes".formatted(groups));
    try (FoldMeasurementLog log =
        FoldMeasurementLog.write(bench.scratch(), flushes, groups, 1, 4 * flushes.bytes())) {
      double gigabytes = log.changelogBytes() * 1e-9;
      Rounds rounds =
          Rounds.alternate(
              bench.either(0, 1),
              bench.either(2, 5),
              () -> {
                double kept = log.start();
                log.deleteState();
                double lost = log.start();
                bench
                    .progress()
                    .accept(
                        "ready after %.2f s, with lost stores after %.2f s".formatted(kept, lost));
                return (lost - kept) / gigabytes;
              },
              () -> log.consumeChangelogs() / gigabytes);
      return List.of(
          Figure.against(
              "restore after a lost state directory", "s/GB", rounds, Target.ratioAtMost(1.5)));
    }
  }
}
