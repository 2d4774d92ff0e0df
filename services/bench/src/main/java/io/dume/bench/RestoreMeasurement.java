package io.dume.bench;

import java.util.List;

/**
 * How long restoring takes of a start whose state directory is lost, as Kafka Streams itself tells
 * its beginning and its end, against a consumer of the changelogs.
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
    int groups = bench.either(1, 10);
    bench.progress().accept("writing %d flushes".formatted(groups));
    try (FoldMeasurementLog log =
        FoldMeasurementLog.write(bench.scratch(), flushes, groups, 1, 4 * flushes.bytes())) {
      double gigabytes = log.changelogBytes() * 1e-9;
      Rounds rounds =
          Rounds.alternate(
              bench.either(1, 2),
              bench.either(3, 7),
              () -> {
                double seconds = log.restore();
                bench.progress().accept("%.2f GB restored in %.2f s".formatted(gigabytes, seconds));
                return seconds / gigabytes;
              },
              () -> log.consumeChangelogs() / gigabytes);
      return List.of(
          Figure.against(
              "restore after a lost state directory", "s/GB", rounds, Target.ratioAtMost(1.5)));
    }
  }
}
