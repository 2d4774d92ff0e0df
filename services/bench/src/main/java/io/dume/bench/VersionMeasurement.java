package io.dume.bench;

import io.dume.embedded.EmbeddedBroker;
import io.dume.embedded.EmbeddedBrokerConfig;
import io.dume.schemas.kafka.KafkaSettings;
import java.util.List;

/**
 * A cut whose statistics are in the log, to the version at a subscriber, against the bare LAPACK
 * calls of all its layers, on as many threads as there are cores.
 */
final class VersionMeasurement implements Measurement {
  private static final int N = 3073;
  private static final int LAYERS = 28;
  private static final Target TARGET = Target.ratioAtMost(1.3);

  @Override
  public String name() {
    return "version";
  }

  @Override
  public String description() {
    return "from a cut to its version, all layers, against the sum of the LAPACK calls / cores";
  }

  @Override
  public List<Figure> run(Bench bench) throws Exception {
    int layers = bench.either(6, LAYERS);
    bench.progress().accept("version: %d layers of n = %d".formatted(layers, N));
    try (EmbeddedBroker broker =
            EmbeddedBroker.start(EmbeddedBrokerConfig.in(bench.scratch().resolve("broker")));
        VersionInstallation installation =
            new VersionInstallation(KafkaSettings.of(broker.bootstrapServers()), N, layers)) {
      Rounds rounds =
          Rounds.alternate(
              bench.either(1, 2),
              bench.either(2, 4),
              () -> {
                installation.fold();
                return installation.version();
              },
              installation::direct);
      Figure figure =
          Figure.against("version, %d layers of n = %d".formatted(layers, N), "s", rounds);
      // With fewer layers, what comes before the first and after the last is a larger part.
      return List.of(layers == LAYERS ? figure.toReach(TARGET) : figure);
    }
  }
}
