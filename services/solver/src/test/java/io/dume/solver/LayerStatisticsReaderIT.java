package io.dume.solver;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.embedded.EmbeddedBroker;
import io.dume.embedded.EmbeddedBrokerConfig;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.Fit;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(180)
class LayerStatisticsReaderIT {
  private static final int PARTITIONS = 4;
  private static final int QUIET = 3;

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
        LayerStatisticsReader reader = reader(installation, smallBytes)) {
      FoldedStatistics statistics = new FoldedStatistics(installation.fit, 20, 30, 40, 50);
      List<Cut> cuts = new ArrayList<>();
      for (long number = 1; number <= 3; number++) {
        cuts.add(statistics.cut(Installation.ROUTER, number, List.of(), Optional.empty()));
        installation.sendLayers(statistics, number);
      }

      for (Cut cut : cuts) {
        Map<Integer, FoldedLayer<HeapMatrix>> layers = new TreeMap<>();
        reader.read(
            cut,
            false,
            HeapMatrix::new,
            layer -> layers.put(layer.training().layer(), layer),
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

  /** The fold is in the middle of the first layer of each partition, then of the second. */
  @ParameterizedTest
  @CsvSource({"0, 1, 2", Long.MAX_VALUE + ", 4, 4"})
  void shouldPutTogetherAtMostTwoLayersWhereTheyAreLargeAndOneOfEachPartitionWhereTheyAreSmall(
      long smallBytes, int openInFirst, int openInSecond) throws Exception {
    String prefix = "o" + smallBytes + ".";
    Fit fit = FoldedStatistics.fit(prefix, 2 * PARTITIONS, FoldedStatistics.WIDTH, PARTITIONS);
    try (Installation installation = new Installation(broker.bootstrapServers(), prefix, fit);
        LayerStatisticsReader reader = reader(installation, smallBytes)) {
      Deque<Integer> expected = new ArrayDeque<>(List.of(openInFirst, openInSecond));
      FoldedStatistics statistics = new FoldedStatistics(fit, 20, 30, 40, 50);
      Deque<Runnable> pieces = pieces(installation, statistics);
      Set<HeapMatrix> open = new HashSet<>();
      AtomicInteger most = new AtomicInteger();
      AtomicInteger beats = new AtomicInteger();
      AtomicInteger read = new AtomicInteger();
      pieces.remove().run();

      reader.read(
          statistics.cut(Installation.ROUTER, 1, List.of(), Optional.empty()),
          false,
          () -> {
            HeapMatrix place = new HeapMatrix();
            open.add(place);
            most.accumulateAndGet(open.size(), Math::max);
            beats.set(0);
            return place;
          },
          layer -> {
            open.remove(layer.place());
            read.incrementAndGet();
            beats.set(0);
          },
          () -> {
            // Time for a reader that would take more.
            if (!pieces.isEmpty()
                && open.size() == expected.element()
                && beats.incrementAndGet() >= QUIET) {
              expected.remove();
              pieces.remove().run();
              beats.set(0);
            }
          },
          (ofFit, number) -> true);

      assertThat(read).hasValue(2 * PARTITIONS);
      assertThat(most).hasValue(openInSecond);
    }
  }

  /** Half a layer of every partition, half of each of the two, and the rest. */
  private static Deque<Runnable> pieces(Installation installation, FoldedStatistics statistics) {
    Deque<Runnable> pieces = new ArrayDeque<>();
    for (int piece = 0; piece < 3; piece++) {
      int number = piece;
      pieces.add(
          () -> {
            for (int layer = 0; layer < PARTITIONS; layer++) {
              List<SpecificRecord> first = statistics.layer(1, layer);
              List<SpecificRecord> second = statistics.layer(1, layer + PARTITIONS);
              int half = first.size() / 2;
              List<SpecificRecord> both = new ArrayList<>(first);
              both.addAll(second);
              int from = number == 0 ? 0 : half + (number - 1) * first.size();
              int to = number == 2 ? both.size() : half + number * first.size();
              installation.sendLayer(layer, both.subList(from, to));
            }
          });
    }
    return pieces;
  }

  private static LayerStatisticsReader reader(Installation installation, long smallBytes) {
    return new LayerStatisticsReader(
        installation.kafka,
        installation.topics,
        "reader",
        Duration.ofSeconds(30),
        (record, problem) -> {
          throw new AssertionError(problem);
        },
        smallBytes);
  }
}
