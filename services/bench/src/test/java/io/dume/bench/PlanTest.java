package io.dume.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** A case small enough to be computed by hand: n = 4, one tile of 128 bytes, b of 32. */
class PlanTest {
  private static final Workload LOAD = load(3, 95, OptionalLong.empty(), 128, 2);

  private static final Rates RATES =
      new Rates(rate(4060), rate(500), rate(1000), rate(0.25), rate(0.5), 2, rate(0.01));

  private final Plan plan = new Plan(LOAD, RATES);

  @Test
  void shouldCountTheBytesOfStatistics() {
    assertThat(value("tiles of a layer")).isEqualTo(128);
    // 2 layers x (128 + 32), and 3 domains of them.
    assertThat(value("statistics of a domain")).isEqualTo(320);
    assertThat(value("a flush")).isEqualTo(960);
  }

  @Test
  void shouldProvideWorkersForTheTokens() {
    // 2 x (2 x 4 x 9 + 1 x 3 x 3 x 5) + 2 x 2 x 3 x 11 + 2 x 4 x 5
    assertThat(value("work for a token")).isEqualTo(406);
    assertThat(value("tokens of a worker")).isEqualTo(10);
    assertThat(value("workers")).isEqualTo(10);
    assertThat(value("sums of a worker")).isEqualTo(960);
    assertThat(value("matrices of a worker")).isEqualTo(256);
  }

  @Test
  void shouldTakeTheParametersThatItIsTold() {
    Workload told = load(3, 95, OptionalLong.of(1000), 128, 2);

    assertThat(value(new Plan(told, RATES), "work for a token")).isEqualTo(2000 + 132 + 40);
  }

  @Test
  void shouldProvideAccumulatorsForTheFlushes() {
    // 10 workers x 960 every 10 s, at 500 a thread.
    assertThat(value("bytes to fold")).isEqualTo(960);
    assertThat(value("threads of accumulators")).isEqualTo(2);
    assertThat(value("layers of a thread")).isEqualTo(1);
    assertThat(value("sums of a thread")).isEqualTo(480);
    assertThat(value("staging of a thread")).isEqualTo(4800);
    assertThat(value("record cache of a thread")).isEqualTo(5280);
    // Two of four partitions, each 3 x (64 + 64 + 4) MiB, and 64 MiB.
    assertThat(value("RocksDB of a thread")).isEqualTo(856.0 * (1 << 20));
    assertThat(value("restore of a lost state")).isCloseTo(4.8, within(1e-9));
  }

  @Test
  void shouldProvideTheBrokers() {
    // Half of 128 ids take one byte, the others two.
    assertThat(value("disk: token-batches")).isEqualTo(95 * 1.5 * 86_400 * 2);
    assertThat(value("disk: partial-statistics")).isEqualTo(960.0 * 86_400 * 2);
    assertThat(value("disk: changelogs")).isEqualTo(2 * 960 * 2);
    // 2 x (128 + 3 x 32) a cut, 36 in the hour that they are kept.
    assertThat(value("disk: layer-statistics")).isEqualTo(448 * 36 * 2);
    assertThat(value("disk: router-versions")).isEqualTo(96 * 864 * 2);
    assertThat(value("bandwidth into the brokers"))
        .isCloseTo(142.5 + 960 + 240 + 4.48, within(1e-9));
    assertThat(value("bandwidth between brokers"))
        .isCloseTo(value("bandwidth into the brokers"), within(1e-9));
    assertThat(value("bandwidth out of the brokers")).isCloseTo(142.5 + 960 + 4.48, within(1e-9));
  }

  @Test
  void shouldSayHowLongAVersionTakes() {
    assertThat(value("pooling a cut")).isCloseTo(0.96, within(1e-9));
    assertThat(value("reading a cut")).isCloseTo(0.448, within(1e-9));
    // Two layers, one after the other, each (4 / 2)³ as long as the one that was measured.
    assertThat(value("solving all layers")).isCloseTo(8, within(1e-9));
    assertThat(value("a version")).isCloseTo(0.96 + 0.448 + 8 + 0.096, within(1e-9));
  }

  @Test
  void shouldSayOfEachLineHowItWasComputed() {
    assertThat(plan.lines()).allSatisfy(line -> assertThat(line.how()).isNotBlank());
    assertThat(plan.lines()).extracting(Plan.Line::what).doesNotHaveDuplicates();
    assertThat(plan.warnings()).isEmpty();
  }

  @Test
  void shouldWarnOfMoreThreadsThanLayers() {
    Rates slow = new Rates(rate(4060), rate(100), rate(1e6), rate(1), rate(0.5), 2, rate(1));

    Plan tight = new Plan(LOAD, slow);

    // 9600 bytes a round over 2 threads of 100 a second.
    assertThat(tight.warnings())
        .singleElement()
        .asString()
        .contains("more than 2 threads", "every 48 s or less often");
    assertThat(value(tight, "layers of a thread")).isEqualTo(1);
  }

  @Test
  void shouldStretchTheFlushIntervalAsWorkersDo() {
    Rates slow = new Rates(rate(4060), rate(500), rate(480), rate(1), rate(0.5), 2, rate(1));

    Plan stretched = new Plan(LOAD, slow);

    // A flush of 960 bytes takes 2 s, so there is one every 20 s.
    assertThat(value(stretched, "bytes to fold")).isEqualTo(480);
    assertThat(stretched.warnings())
        .singleElement()
        .asString()
        .contains("takes more than a tenth of 10 s", "to about 20 s by themselves");
  }

  @Test
  void shouldCountBytesAsAvroEncodesIds() {
    assertThat(tokenBytes(64)).isEqualTo(1);
    assertThat(tokenBytes(8192)).isEqualTo((64 + 2.0 * 8128) / 8192);
    assertThat(tokenBytes(32_000)).isEqualTo((64 + 2.0 * 8128 + 3.0 * 23_808) / 32_000);
  }

  @Test
  void shouldTakeWhatARunLacksFromTheReferenceRun() throws Exception {
    Rates rates =
        Rates.of(
            Map.of(
                "solve, n = 1025, 5 experts", new FigureFile.Value(20, OptionalDouble.of(19), "ms"),
                "solve, n = 577, 5 experts", new FigureFile.Value(3, OptionalDouble.of(2), "ms")),
            "bench.json");

    assertThat(rates.solveRows()).isEqualTo(1025);
    assertThat(rates.solve()).isEqualTo(new Rates.Rate(0.02, "bench.json"));
    assertThat(rates.fold()).isEqualTo(Rates.reference().fold());
    assertThat(rates.fold().origin()).isEqualTo("reference run");
    assertThat(rates.consume().value()).isBetween(1e7, 1e11);
  }

  @Test
  void shouldRefuseWhatCanNotBe() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> load(0, 95, OptionalLong.empty(), 128, 2))
        .withMessage("d of 0: at least 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Rates.Rate(0, "bench.json"))
        .withMessageContaining("above zero");
  }

  @Test
  void shouldWriteAmountsForPeople() {
    assertThat(Quantity.of(18_345_000_000.0, "B")).isEqualTo("18.3 GB");
    assertThat(Quantity.of(999.7, "B/s")).isEqualTo("1 kB/s");
    assertThat(Quantity.of(7, "")).isEqualTo("7");
    assertThat(Quantity.of(12.5, "s")).isEqualTo("12.5 s");
    assertThat(Quantity.of(7e9, "")).isEqualTo("7 G");
  }

  private static double tokenBytes(int vocabulary) {
    Workload load = load(3, 1, OptionalLong.empty(), vocabulary, 1);
    return value(new Plan(load, RATES), "disk: token-batches") / 86_400;
  }

  private static Workload load(
      int width, double tokens, OptionalLong parameters, int vocabulary, int copies) {
    return new Workload(
        width,
        2,
        3,
        tokens,
        5,
        parameters,
        10,
        vocabulary,
        Duration.ofSeconds(10),
        Duration.ofSeconds(100),
        copies,
        1);
  }

  private double value(String what) {
    return value(plan, what);
  }

  private static double value(Plan plan, String what) {
    return plan.lines().stream()
        .filter(line -> line.what().equals(what))
        .findFirst()
        .orElseThrow()
        .value();
  }

  private static Rates.Rate rate(double value) {
    return new Rates.Rate(value, "a test");
  }
}
