package io.dume.topology.fold;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.dume.schemas.message.ApplyFlush;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.CutRange;
import io.dume.schemas.message.CutSlot;
import io.dume.schemas.message.DiscardFlush;
import io.dume.schemas.message.ExpectedTile;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitFailed;
import io.dume.schemas.message.ForgetFit;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.LargestDiagonal;
import io.dume.schemas.message.LayerFailed;
import io.dume.schemas.message.SlotCount;
import io.dume.schemas.message.StatisticsKind;
import io.dume.schemas.message.StatisticsTile;
import io.dume.schemas.message.TakeAway;
import io.dume.schemas.statistics.Tiles;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.StatisticsKey;
import io.dume.schemas.wire.Wire;
import io.dume.topology.synthetic.LayersOfCut;
import io.dume.topology.synthetic.MapShelf;
import io.dume.topology.synthetic.PlainSums;
import io.dume.topology.synthetic.SyntheticFit;
import io.dume.topology.synthetic.SyntheticFlush;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class FoldTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final TopicPartition PARTITION = new TopicPartition("partial-statistics", 0);

  private final long seed = Long.getLong("dume.seed", new Random().nextLong());
  private final Random random = new Random(seed);

  /** 10 x 10 in tiles of 4: tile (0, 0) is whole, (2, 2) is 2 x 2. */
  private final Fit fit = SyntheticFit.of("", 2, 9, 4, 1, 1);

  private final MapShelf staging = new MapShelf();
  private final MapShelf gram = new MapShelf();
  private final MapShelf target = new MapShelf();
  private final MapShelf meta = new MapShelf();
  private final Fold fold =
      new Fold(FoldConfig.of(1), 0, new FoldStores(staging, gram, target, meta));
  private final List<FoldOutput> outputs = new ArrayList<>();
  private long offset;

  private void take(byte[] key, SpecificRecord message) {
    take(key, message, NOW);
  }

  private void take(byte[] key, SpecificRecord message, Instant timestamp) {
    take(fold, key, message, timestamp);
  }

  private void take(Fold by, byte[] key, SpecificRecord message, Instant timestamp) {
    by.take(
        new Incoming(
            PARTITION,
            offset++,
            timestamp.toEpochMilli(),
            Optional.of(key),
            Optional.of(Wire.encode(message)),
            new RecordHeaders()),
        NOW,
        outputs::add);
  }

  private void stage(SyntheticFlush flush) {
    flush.tiles().forEach(t -> take(SyntheticFlush.key(t), t));
  }

  private ApplyFlush order(SyntheticFlush flush, long sequence) {
    return new ApplyFlush(
        fit.getId(),
        flush.manifest().getFlush(),
        sequence,
        fit.getWidth(),
        fit.getTileSize(),
        fit.getFractionBits(),
        flush.manifest().getSlots(),
        flush.manifest().getTiles(),
        flush.manifest().getDiagonals(),
        List.of());
  }

  private void apply(SyntheticFlush flush, long sequence) {
    take(StatisticsKey.marker(fit.getId(), sequence), order(flush, sequence));
  }

  private SyntheticFlush flush() {
    return SyntheticFlush.of(fit, random).range(0, 0, 10).records("code", 2).build();
  }

  private Cut cut(long sequence, long tokens, int expert) {
    SlotCount slot = flush().manifest().getSlots().get(0);
    return new Cut(
        1L,
        SyntheticFit.ROUTER,
        fit.getId(),
        List.of(),
        null,
        "demand",
        sequence,
        fit.getLayers(),
        fit.getWidth(),
        fit.getTileSize(),
        fit.getFractionBits(),
        1,
        1,
        List.of(new Expert("code", SyntheticFit.mlp("code"))),
        List.of(new CutSlot(slot.getSlot(), "code", expert, tokens, 1L)),
        List.of(new CutRange(0, 0L, 10L)),
        0L,
        NOW,
        false,
        List.of(),
        0L,
        0L);
  }

  private void take(Cut cut) {
    take(StatisticsKey.marker(fit.getId(), cut.getCut()), cut);
  }

  private static long tokens(SyntheticFlush flush) {
    return flush.manifest().getSlots().get(0).getTokens();
  }

  private List<String> refusals() {
    return outputs.stream()
        .filter(FoldOutput.Refused.class::isInstance)
        .map(o -> ((FoldOutput.Refused) o).letter().getReason())
        .toList();
  }

  private List<String> stops() {
    return outputs.stream()
        .filter(FoldOutput.FitStopped.class::isInstance)
        .map(o -> ((FoldOutput.FitStopped) o).failure().getReason())
        .toList();
  }

  private LayersOfCut layers() {
    LayersOfCut layers = new LayersOfCut(fit, 1);
    outputs.stream()
        .filter(FoldOutput.LayerStatistics.class::isInstance)
        .forEach(o -> layers.take(((FoldOutput.LayerStatistics) o).message()));
    return layers;
  }

  /** A change of one value that keeps the manifest's digests true. */
  private record Lie(Predicate<StatisticsTile> victim, Consumer<byte[]> change) {}

  static Stream<Arguments> lies() {
    return Stream.of(
        lie("is not symmetric", gramAt(0, 0), v -> bump(v, 1)),
        lie("a diagonal beyond the promise", gramAt(0, 0), v -> Tiles.set(v, 0, 1L << 50)),
        lie("a negative diagonal", gramAt(1, 1), v -> Tiles.set(v, 5, -1)),
        lie("an entry beyond its diagonal", gramAt(0, 1), v -> Tiles.set(v, 3, 1L << 50)),
        lie("the smallest long", gramAt(0, 1), v -> Tiles.set(v, 3, Long.MIN_VALUE)),
        lie("a corner that is not the tokens", gramAt(2, 2), v -> bump(v, 3)),
        lie(
            "a b that is not the last column",
            t -> t.getKind() == StatisticsKind.TARGET,
            v -> bump(v, 4)));
  }

  private static Arguments lie(
      String what, Predicate<StatisticsTile> victim, Consumer<byte[]> change) {
    return Arguments.of(what, new Lie(victim, change));
  }

  private static Predicate<StatisticsTile> gramAt(int row, int col) {
    return t -> t.getKind() == StatisticsKind.GRAM && t.getRow() == row && t.getCol() == col;
  }

  private static void bump(byte[] values, int index) {
    Tiles.set(values, index, Tiles.get(values, index) + 1);
  }

  private static SyntheticFlush tell(Lie lie, SyntheticFlush flush) {
    List<StatisticsTile> tiles = flush.tiles();
    int victim = 0;
    while (!lie.victim().test(tiles.get(victim)) || tiles.get(victim).getLayer() != 1) {
      victim++;
    }
    byte[] values = tiles.get(victim).getValues().array().clone();
    lie.change().accept(values);
    return replace(flush, victim, values);
  }

  private static SyntheticFlush replace(SyntheticFlush flush, int victim, byte[] values) {
    StatisticsTile other =
        StatisticsTile.newBuilder(flush.tiles().get(victim))
            .setValues(ByteBuffer.wrap(values))
            .setDigest(Tiles.digest(values))
            .build();
    ExpectedTile listed = flush.manifest().getTiles().get(victim);
    flush
        .manifest()
        .getTiles()
        .set(victim, ExpectedTile.newBuilder(listed).setDigest(other.getDigest()).build());
    return flush.with(victim, other);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("lies")
  void shouldAddNothingOfAFlushWithATileThatIs(String what, Lie lie) {
    SyntheticFlush good = flush();
    stage(good);
    apply(good, 1);
    List<byte[]> before =
        gram.keys(new byte[0]).stream().map(k -> gram.get(k).get().clone()).toList();
    SyntheticFlush bad = tell(lie, flush());
    stage(bad);

    apply(bad, 2);

    assertThat(stops()).as("seed %d", seed).hasSize(1);
    assertThat(gram.keys(new byte[0]).stream().map(k -> gram.get(k).get()).toList())
        .as("seed %d", seed)
        .usingElementComparator(Arrays::compare)
        .isEqualTo(before);
    assertThat(staging.size()).as("seed %d", seed).isZero();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("lies")
  void shouldAddNothingOfThatFlushAfterARestartEither(String what, Lie lie) {
    SyntheticFlush bad = tell(lie, flush());
    stage(bad);
    // What the first one saw when the tiles came is gone with it.
    Fold restarted = new Fold(FoldConfig.of(1), 0, new FoldStores(staging, gram, target, meta));

    take(restarted, StatisticsKey.marker(fit.getId(), 1), order(bad, 1), NOW);

    assertThat(stops()).as("seed %d", seed).hasSize(1);
    assertThat(gram.size() + target.size()).as("seed %d", seed).isZero();
  }

  @Test
  void shouldAddNothingOfAFlushWithATileOfAnotherSize() {
    SyntheticFlush bad = replace(flush(), 1, new byte[8]);
    stage(bad);

    apply(bad, 1);

    assertThat(stops()).singleElement().asString().contains("has 8 bytes");
    assertThat(gram.size() + target.size()).isZero();
  }

  @Test
  void shouldAddTilesThatAnEarlierVersionStagedWithoutTheirMessages() {
    SyntheticFlush flush = flush();
    PlainSums expected = new PlainSums(fit);
    expected.add(flush);
    stage(flush);
    for (StatisticsTile tile : flush.tiles()) {
      staging.put(SyntheticFlush.key(tile), tile.getValues().array().clone());
    }

    apply(flush, 1);

    take(cut(1, tokens(flush), 0));
    String domain = flush.manifest().getSlots().get(0).getDomain();
    assertThat(layers().gram(1)).as("seed %d", seed).isEqualTo(expected.gram(1, List.of(domain)));
    assertThat(staging.size()).isZero();
  }

  @Test
  void shouldGiveTheSumsWhateverTheOrderOfTheTiles() {
    SyntheticFlush flush = flush();
    List<StatisticsTile> tiles = new ArrayList<>(flush.tiles());
    Collections.shuffle(tiles, random);
    tiles.forEach(t -> take(SyntheticFlush.key(t), t));
    apply(flush, 1);

    take(cut(1, tokens(flush), 0));

    PlainSums sums = new PlainSums(fit);
    sums.add(flush);
    assertThat(layers().gram(1)).as("seed %d", seed).isEqualTo(sums.gram(1, List.of("code")));
    assertThat(layers().targets(1)).as("seed %d", seed).isEqualTo(sums.targets(1, List.of("code")));
    assertThat(outputs.get(outputs.size() - 1)).isInstanceOf(FoldOutput.CommitWanted.class);
  }

  @Test
  void shouldSetAnOrderAsideThatItHasCarriedOut() {
    SyntheticFlush flush = flush();
    stage(flush);
    apply(flush, 1);

    apply(flush, 1);

    assertThat(refusals()).containsExactly("order-again");
    assertThat(stops()).isEmpty();
  }

  @Test
  void shouldStopTheFitWhenAnOrderIsMissing() {
    SyntheticFlush flush = flush();
    stage(flush);

    apply(flush, 2);

    assertThat(stops()).singleElement().asString().contains("number 2", "number 0");
    assertThat(gram.size()).isZero();
  }

  @Test
  void shouldSetOrdersAsideThatCanNotBe() {
    SyntheticFlush flush = flush();
    take(new byte[0], with(order(flush, 1), b -> b.setWidth(Integer.MAX_VALUE)));
    take(new byte[0], with(order(flush, 1), b -> b.setTileSize(-1)));
    take(new byte[0], with(order(flush, 1), b -> b.setFractionBits(70)));
    take(new byte[0], with(order(flush, 1), b -> b.setSlots(List.of())));
    take(new byte[0], with(order(flush, 1), b -> b.getTiles().get(0).put(1, 7)));
    take(new byte[0], with(order(flush, 1), b -> b.getTiles().get(0).put(3, -1)));
    take(new byte[0], with(order(flush, 1), b -> b.getTiles().get(0).put(0, 1 << 16)));
    take(new byte[0], with(order(flush, 1), b -> b.getTiles().remove(0)));
    take(new byte[0], with(order(flush, 1), b -> b.getSlots().get(0).put(4, -1L)));
    take(new byte[0], with(order(flush, 1), b -> b.getSlots().get(0).put(4, 1L << 60)));
    take(new byte[0], with(order(flush, 1), b -> b.getSlots().get(0).put(5, -1L)));
    take(new byte[0], with(order(flush, 1), FoldTest::nameSlotsTwice));

    stage(flush);
    apply(flush, 1);

    assertThat(refusals()).hasSize(12).containsOnly("malformed-message");
    assertThat(stops()).isEmpty();
    assertThat(gram.size()).isPositive();
  }

  private static void nameSlotsTwice(ApplyFlush.Builder order) {
    order.getSlots().addAll(List.copyOf(order.getSlots()));
    for (ExpectedTile tile : List.copyOf(order.getTiles())) {
      order.getTiles().add(ExpectedTile.newBuilder(tile).setSlot(1).build());
    }
    List.copyOf(order.getDiagonals())
        .forEach(d -> order.getDiagonals().add(LargestDiagonal.newBuilder(d).setSlot(1).build()));
  }

  /** Measures, since an allocation that just fits would pass every other test. */
  @Test
  void shouldNotAllocateAGridForEachTileOfAForgedOrder() {
    SyntheticFlush flush = flush();
    ApplyFlush forged =
        with(
            order(flush, 1),
            b -> {
              b.setWidth(1400).setTileSize(1);
              b.getTiles().clear();
              for (int layer = 0; layer < 500; layer++) {
                b.getTiles().add(new ExpectedTile(layer, 0, StatisticsKind.TARGET, 0, 0, 0L));
              }
            });
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();

    take(new byte[0], forged);

    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(16L << 20);
    assertThat(refusals()).containsExactly("malformed-message");
  }

  private static ApplyFlush with(ApplyFlush order, Consumer<ApplyFlush.Builder> change) {
    ApplyFlush.Builder builder = ApplyFlush.newBuilder(order);
    change.accept(builder);
    return builder.build();
  }

  @Test
  void shouldSayWhyThereIsNothingToCutBeforeTheFirstFlush() {
    take(cut(0, 0, 0));

    assertThat(layers().failures().values()).hasSize(2).allMatch(r -> r.contains("no flush"));
    assertThat(stops()).isEmpty();
  }

  @Test
  void shouldFailACutThatHasNoSlots() {
    SyntheticFlush flush = flush();
    stage(flush);
    apply(flush, 1);

    take(Cut.newBuilder(cut(1, 0, 0)).setSlots(List.of()).build());

    assertThat(layers().failures().values()).hasSize(2).allMatch(r -> r.contains("no token"));
    assertThat(stops()).isEmpty();
  }

  @Test
  void shouldNotGiveATornCut() {
    SyntheticFlush flush = flush();
    stage(flush);
    apply(flush, 1);

    take(cut(2, tokens(flush), 0));

    assertThat(layers().failures()).hasSize(2);
    assertThat(stops()).singleElement().asString().contains("flush number 2", "at 1");
  }

  @Test
  void shouldNotGiveACutWhoseTokensAreNotThoseOfTheSums() {
    SyntheticFlush flush = flush();
    stage(flush);
    apply(flush, 1);

    take(cut(1, tokens(flush) + 1, 0));

    assertThat(layers().complete()).isEmpty();
    assertThat(layers().failures()).hasSize(2);
    assertThat(layers().failures().get(0)).contains("layer 0, domain code");
    assertThat(stops()).as("once, not for each layer").hasSize(1);
  }

  @Test
  void shouldSetACutAsideThatCanNotBe() {
    Cut good = cut(0, 0, 0);
    CutSlot slot = good.getSlots().get(0);

    Stream.of(
            cut(0, 0, 1),
            cut(0, -1, 0),
            cut(0, 1L << 60, 0),
            Cut.newBuilder(good).setFractionBits(70).build(),
            Cut.newBuilder(good).setWidth(Integer.MAX_VALUE).build(),
            Cut.newBuilder(good).setWidth(1 << 20).setTileSize(32).build(),
            Cut.newBuilder(good).setSlots(List.of(slot, slot)).build())
        .forEach(this::take);

    assertThat(refusals()).hasSize(7).containsOnly("malformed-message");
    assertThat(layers().failures()).isEmpty();
  }

  @Test
  void shouldNotRepeatAnEndlessReasonInEveryLayer() {
    SyntheticFlush flush = flush();
    stage(flush);
    apply(flush, 1);
    take(new byte[0], new FitFailed(fit.getId(), "x".repeat(60_000)));

    take(cut(1, tokens(flush), 0));

    assertThat(layers().failures().values()).hasSize(2).allMatch(r -> r.length() < 4200);
  }

  @Test
  void shouldFailEveryLaterCutOfAFitThatWasStoppedElsewhere() {
    SyntheticFlush flush = flush();
    stage(flush);
    apply(flush, 1);
    take(new byte[0], new FitFailed(fit.getId(), "elsewhere"));

    take(cut(1, tokens(flush), 0));

    assertThat(outputs)
        .filteredOn(FoldOutput.LayerStatistics.class::isInstance)
        .extracting(o -> ((FoldOutput.LayerStatistics) o).message())
        .hasSize(2)
        .allSatisfy(
            m -> assertThat(((LayerFailed) m).getReason()).contains("stopped", "elsewhere"));
    assertThat(stops()).as("it is known already").isEmpty();
  }

  @Test
  void shouldForgetTheTilesOfADiscardedFlushAndNameThem() {
    SyntheticFlush kept = flush();
    SyntheticFlush discarded = flush();
    stage(kept);
    stage(discarded);

    take(new byte[0], new DiscardFlush(fit.getId(), discarded.manifest().getFlush(), "overlap"));

    assertThat(staging.size()).isEqualTo(kept.tiles().size());
    assertThat(refusals()).containsExactly("overlap");
    apply(kept, 1);
    assertThat(stops()).isEmpty();
  }

  private SyntheticFlush flushOf(String... domains) {
    SyntheticFlush.Builder flush = SyntheticFlush.of(fit, random).range(0, 0, 10);
    Stream.of(domains).forEach(domain -> flush.records(domain, 1));
    return flush.build();
  }

  private static Id slot(SyntheticFlush flush, int index) {
    return flush.manifest().getSlots().get(index).getSlot();
  }

  @Test
  void shouldDeleteTheSumsOfASlotInAllLayersWheneverToldTo() {
    SyntheticFlush flush = flushOf("code", "math");
    stage(flush);
    apply(flush, 1);
    int sums = gram.size();
    TakeAway order = new TakeAway(fit.getId(), List.of(slot(flush, 1)));
    take(new byte[0], order);

    take(new byte[0], order);

    assertThat(gram.size()).isEqualTo(sums / 2);
    assertThat(target.size()).isEqualTo(fit.getLayers());
    take(cut(1, tokens(flush), 0));
    PlainSums plain = new PlainSums(fit);
    plain.add(flush);
    assertThat(layers().gram(1)).as("seed %d", seed).isEqualTo(plain.gram(1, List.of("code")));
    assertThat(refusals()).isEmpty();
  }

  @Test
  void shouldForgetTheTilesOfATakenAwaySlotWithoutADeadLetter() {
    SyntheticFlush flush = flushOf("code", "math");
    SyntheticFlush counted = flush.without(s -> s.getDomain().equals("math"));
    stage(flush);

    take(new byte[0], with(order(counted, 1), b -> b.setTakenAway(List.of(slot(flush, 1)))));

    assertThat(staging.size()).isZero();
    assertThat(refusals()).isEmpty();
    assertThat(stops()).isEmpty();
    assertThat(target.size()).isEqualTo(fit.getLayers());
  }

  @Test
  void shouldNameStrayTilesBesideThoseOfATakenAwaySlot() {
    SyntheticFlush flush = flushOf("code", "math", "law");
    SyntheticFlush counted = flush.without(s -> !s.getDomain().equals("code"));
    stage(flush);

    take(new byte[0], with(order(counted, 1), b -> b.setTakenAway(List.of(slot(flush, 1)))));

    assertThat(staging.size()).isZero();
    assertThat(refusals()).containsExactly("stray-tiles");
    assertThat(((FoldOutput.Refused) outputs.get(0)).letter().getDetail())
        .startsWith("%d tiles".formatted(flush.tiles().size() / 3));
  }

  @Test
  void shouldForgetAFitForGood() {
    SyntheticFlush flush = flush();
    SyntheticFlush late = flush();
    stage(flush);
    apply(flush, 1);
    stage(late);

    take(new byte[0], new ForgetFit(fit.getId()));

    assertThat(gram.size() + target.size()).isZero();
    apply(late, 2);
    take(cut(1, tokens(flush), 0));
    take(new byte[0], new TakeAway(fit.getId(), List.of(slot(flush, 0))));
    take(new byte[0], new FitFailed(fit.getId(), "late"));
    take(new byte[0], new ForgetFit(fit.getId()));
    assertThat(refusals()).hasSize(4).containsOnly("fit-removed");
    assertThat(stops()).isEmpty();
    assertThat(layers().failures()).isEmpty();
    assertThat(gram.size() + target.size() + staging.size()).isZero();
  }

  @Test
  void shouldLeaveOtherFitsAloneWhenItForgetsOne() {
    SyntheticFlush flush = flush();
    stage(flush);
    apply(flush, 1);

    take(new byte[0], new ForgetFit(SyntheticFit.of("other", 2, 9, 4, 1, 1).getId()));

    take(cut(1, tokens(flush), 0));
    assertThat(layers().complete()).hasSize(fit.getLayers());
  }

  @Test
  void shouldSetACutAsideThatHoldsOutWhatItCounts() {
    Cut cut = cut(0, 1, 0);

    take(Cut.newBuilder(cut).setHeldOut(cut.getSlots()).build());

    assertThat(refusals()).containsExactly("malformed-message");
  }

  @Test
  void shouldKeepTheTilesOfAWorkerWhoseClockIsSlow() {
    SyntheticFlush slow = flush();
    slow.tiles().forEach(t -> take(SyntheticFlush.key(t), t, NOW.minus(Duration.ofDays(2))));

    take(new byte[0], new DiscardFlush(fit.getId(), Ids.random(), "overlap"));

    apply(slow, 1);
    assertThat(stops()).isEmpty();
    assertThat(refusals()).isEmpty();
    assertThat(gram.size()).isPositive();
  }

  @Test
  void shouldSetATileAsideThatBelongsIntoAnotherPartition() {
    Fit spread = SyntheticFit.of("spread", 4, 9, 4, 1, 4);
    SyntheticFlush flush =
        SyntheticFlush.of(spread, random).range(0, 0, 10).records("code", 1).build();
    Fold second = new Fold(FoldConfig.of(4), 2, new FoldStores(staging, gram, target, meta));
    for (StatisticsTile tile : flush.tiles()) {
      second.take(
          new Incoming(
              PARTITION,
              offset++,
              NOW.toEpochMilli(),
              Optional.of(SyntheticFlush.key(tile)),
              Optional.of(Wire.encode(tile)),
              new RecordHeaders()),
          NOW,
          outputs::add);
    }

    long own =
        flush.tiles().stream()
            .filter(t -> Ids.partition(spread.getId(), t.getLayer(), 4) == 2)
            .count();
    assertThat(own).isEqualTo(flush.tiles().size() / 4);
    assertThat(staging.size()).isEqualTo((int) own);
    assertThat(refusals()).hasSize(flush.tiles().size() - (int) own).containsOnly("stray-tile");
  }
}
