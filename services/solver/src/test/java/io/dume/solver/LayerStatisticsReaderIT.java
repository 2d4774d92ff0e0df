package io.dume.solver;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.embedded.EmbeddedBroker;
import io.dume.embedded.EmbeddedBrokerConfig;
import io.dume.schemas.message.Cut;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(180)
class LayerStatisticsReaderIT {
  private static EmbeddedBroker broker;

  @BeforeAll
  static void startBroker(@TempDir Path directory) {
    broker = EmbeddedBroker.start(EmbeddedBrokerConfig.in(directory));
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @ParameterizedTest
  @ValueSource(longs = {0, Long.MAX_VALUE})
  void shouldReadCutAfterCutWhetherLayersAreLargeOrSmall(long smallBytes) throws Exception {
    try (Installation installation =
            new Installation(broker.bootstrapServers(), "s" + smallBytes + ".");
        LayerStatisticsReader reader =
            new LayerStatisticsReader(
                installation.kafka,
                installation.topics,
                "reader",
                Duration.ofSeconds(30),
                (record, problem) -> {
                  throw new AssertionError(problem);
                },
                smallBytes)) {
      FoldedStatistics statistics = new FoldedStatistics(installation.fit, 20, 30, 40, 50);
      List<Cut> cuts = new ArrayList<>();
      for (long number = 1; number <= 3; number++) {
        cuts.add(statistics.cut(Installation.ROUTER, number, List.of(), Optional.empty()));
        installation.sendLayers(statistics, number);
      }

      for (Cut cut : cuts) {
        Map<Integer, FoldedLayer<HeapMatrix>> layers = new TreeMap<>();
        Set<HeapMatrix> open = new HashSet<>();
        reader.read(
            cut,
            false,
            () -> {
              HeapMatrix place = new HeapMatrix();
              open.add(place);
              assertThat(open).hasSizeLessThanOrEqualTo(2);
              return place;
            },
            layer -> {
              open.remove(layer.place());
              layers.put(layer.training().layer(), layer);
            },
            () -> {},
            (fit, number) -> true);

        assertThat(layers).hasSize(FoldedStatistics.LAYERS);
        layers.forEach(
            (layer, read) -> {
              assertThat(LayerAssemblyTest.upper(read.place().values()))
                  .isEqualTo(LayerAssemblyTest.upper(statistics.a(layer)));
              assertThat(read.training().b()).isEqualTo(statistics.b(layer));
            });
      }
    }
  }
}
