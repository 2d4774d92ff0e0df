package io.dume.extractor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dume.schemas.control.Membership;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.StatisticsKind;
import io.dume.schemas.message.StatisticsTile;
import io.dume.schemas.statistics.FixedPoint;
import io.dume.schemas.statistics.TileGrid;
import io.dume.schemas.statistics.Tiles;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.StatisticsKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class AccumulatorTest {
  private static final Slot NOVEL =
      Slot.of(new Membership("novel", "11".repeat(32), 1), "novel", false);
  private static final Slot MATH =
      Slot.of(new Membership("math", "22".repeat(32), 1), "math", false);

  private final TokenFeatures model = new TokenFeatures();
  private final Accumulator accumulator = accumulator(1 << 20);

  private static Accumulator accumulator(long bytes) {
    return new Accumulator(
        new TileGrid(TokenFeatures.SIZE, Batches.TILE),
        new FixedPoint(Batches.FRACTION_BITS),
        TokenFeatures.LAYERS,
        bytes);
  }

  private RecordFeatures features(Slot slot, int... ids) {
    return model.extract(slot.expert(), List.of(ids));
  }

  private static FlushManifest flush(Accumulator accumulator, List<FlushOutput.Tile> sent) {
    return new FlushMessages(Ids.random(), Batches.fit(), "w", 1)
        .send(accumulator, List.of(), Instant.EPOCH, sent::add);
  }

  @Test
  void shouldRefuseNonFiniteFeaturesNamingTheLayer() {
    var refused = accumulator.check(features(MATH, 1, TokenFeatures.NAN_TOKEN));

    assertThat(refused)
        .get()
        .extracting(Verdict.Refused::reason)
        .isEqualTo(Reason.NON_FINITE_FEATURES);
    assertThat(refused.get().detail()).contains("layer 1");
  }

  @Test
  void shouldRefuseSumsThatDoNotFit() {
    var refused = accumulator.check(features(MATH, 1, TokenFeatures.HUGE_TOKEN));

    assertThat(refused)
        .get()
        .extracting(Verdict.Refused::reason)
        .isEqualTo(Reason.STATISTICS_OVERFLOW);
  }

  @Test
  void shouldHaveRoomForOneSlotHoweverFewBytesAreAllowed() {
    Accumulator small = accumulator(1);

    boolean first = small.hasRoomFor(MATH);

    assertThat(first).isTrue();
  }

  @Test
  void shouldHaveNoRoomForAnotherSlotBeyondTheBytes() {
    Accumulator small = accumulator(accumulator.slotBytes() * 2 - 1);
    small.add(MATH, features(MATH, 1));

    assertThat(small.hasRoomFor(NOVEL)).isFalse();
    assertThat(small.hasRoomFor(MATH)).isTrue();
  }

  @Test
  void shouldAskForAFlushBeforeASumCouldOverflow() {
    // 2^41 squared sums fit twice into 2^62 with 20 fraction bits, not three times.
    RecordFeatures large = constant(0x1p40 * 1.4);
    accumulator.add(MATH, large);
    accumulator.add(MATH, large);

    assertThat(accumulator.check(large)).isEmpty();
    assertThat(accumulator.overflowsWith(MATH, large)).isTrue();
    assertThat(accumulator.overflowsWith(NOVEL, large)).isFalse();
  }

  @Test
  void shouldNoticeAModelThatCountsTokensWrongly() {
    RecordFeatures wrong = new StubFeatures(3, 4, (layer, out) -> out[out.length - 1] = 2);

    assertThatThrownBy(() -> accumulator.add(MATH, wrong))
        .isInstanceOf(ExtractorException.class)
        .hasMessageContaining("2.0 tokens in a record of 3");
  }

  @Test
  void shouldListEveryTileOfEverySlotAndLayerWithItsDigest() {
    accumulator.add(MATH, features(MATH, 1, 2, 3));
    accumulator.add(NOVEL, features(NOVEL, 4));
    List<FlushOutput.Tile> sent = new ArrayList<>();

    FlushManifest manifest = flush(accumulator, sent);

    int perLayer = new TileGrid(TokenFeatures.SIZE, Batches.TILE).tiles() + 1;
    assertThat(manifest.getTiles())
        .hasSize(2 * TokenFeatures.LAYERS * perLayer)
        .hasSameSizeAs(sent);
    assertThat(manifest.getSlots())
        .extracting(s -> s.getDomain() + " " + s.getTokens() + " " + s.getRecords())
        .containsExactly("math 3 1", "novel 1 1");
    assertThat(manifest.getDiagonals()).hasSize(2 * TokenFeatures.LAYERS);
    for (int i = 0; i < sent.size(); i++) {
      StatisticsTile tile = sent.get(i).tile();
      var expected = manifest.getTiles().get(i);
      assertThat(expected.getDigest())
          .isEqualTo(Tiles.digest(tile.getValues()))
          .isEqualTo(tile.getDigest());
      assertThat(manifest.getSlots().get(expected.getSlot()).getSlot()).isEqualTo(tile.getSlot());
      assertThat(sent.get(i).key())
          .isEqualTo(
              StatisticsKey.staged(
                  manifest.getFlush(),
                  tile.getLayer(),
                  tile.getSlot(),
                  tile.getKind(),
                  tile.getRow(),
                  tile.getCol(),
                  tile.getDigest()));
      assertThat(sent.get(i).partition())
          .isEqualTo(Ids.partition(Batches.fit().getId(), tile.getLayer(), 2));
    }
  }

  @Test
  void shouldStartFromNothingAfterAFlush() {
    accumulator.add(MATH, features(MATH, 1, 2, 3));
    accumulator.clear();
    List<FlushOutput.Tile> sent = new ArrayList<>();
    accumulator.add(NOVEL, features(NOVEL, 4));

    FlushManifest manifest = flush(accumulator, sent);

    assertThat(manifest.getSlots()).hasSize(1);
    Map<String, long[]> sums = new HashMap<>();
    sent.forEach(s -> addTo(sums, s.tile()));
    assertThat(sums.get(key(NOVEL.id(), 0, StatisticsKind.TARGET, 0, 0))[TokenFeatures.WIDTH])
        .isEqualTo(1L << Batches.FRACTION_BITS);
    assertThat(accumulator.tokens()).isEqualTo(1);
  }

  @Property(tries = 100)
  void shouldSumToPlainAdditionHoweverItIsSplitIntoFlushes(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 30) int records) {
    Random random = new Random(seed);
    Accumulator split = accumulator(1 << 20);
    Map<String, long[]> flushed = new HashMap<>();
    Map<Slot, List<List<int[]>>> all = new HashMap<>();
    for (int r = 0; r < records; r++) {
      Slot slot = random.nextBoolean() ? MATH : NOVEL;
      List<int[]> sequences = List.of(random.ints(1 + random.nextInt(8), 0, 90).toArray());
      split.add(slot, model.extract(slot.expert(), sequences));
      all.computeIfAbsent(slot, s -> new ArrayList<>()).add(sequences);
      if (random.nextInt(3) == 0 || r == records - 1) {
        List<FlushOutput.Tile> sent = new ArrayList<>();
        flush(split, sent);
        sent.forEach(s -> addTo(flushed, s.tile()));
        split.clear();
      }
    }

    all.forEach((slot, list) -> assertThat(flushed).containsAllEntriesOf(plain(slot, list)));
  }

  /** Each record's matrix rounded, then added entry by entry. */
  private static Map<String, long[]> plain(Slot slot, List<List<int[]>> records) {
    TileGrid grid = new TileGrid(TokenFeatures.SIZE, Batches.TILE);
    FixedPoint fixedPoint = new FixedPoint(Batches.FRACTION_BITS);
    Map<String, long[]> sums = new HashMap<>();
    for (int layer = 0; layer < TokenFeatures.LAYERS; layer++) {
      long[] sum = new long[TokenFeatures.SIZE * TokenFeatures.SIZE];
      for (List<int[]> record : records) {
        double[] gram = TokenFeatures.gram(slot.expert(), record, layer);
        for (int i = 0; i < sum.length; i++) {
          sum[i] += fixedPoint.toFixed(gram[i]);
        }
      }
      for (TileGrid.Tile tile : grid.all()) {
        long[] values = new long[grid.extent(tile.row()) * grid.extent(tile.col())];
        for (int i = 0; i < values.length; i++) {
          int row = tile.row() * Batches.TILE + i / grid.extent(tile.col());
          int col = tile.col() * Batches.TILE + i % grid.extent(tile.col());
          values[i] = sum[row * TokenFeatures.SIZE + col];
        }
        sums.put(key(slot.id(), layer, StatisticsKind.GRAM, tile.row(), tile.col()), values);
      }
      long[] target = new long[TokenFeatures.SIZE];
      for (int i = 0; i < target.length; i++) {
        target[i] = sum[i * TokenFeatures.SIZE + TokenFeatures.WIDTH];
      }
      sums.put(key(slot.id(), layer, StatisticsKind.TARGET, 0, 0), target);
    }
    return sums;
  }

  private static String key(Id slot, int layer, StatisticsKind kind, int row, int col) {
    return Ids.hex(slot) + " " + layer + " " + kind + " " + row + " " + col;
  }

  private static void addTo(Map<String, long[]> sums, StatisticsTile tile) {
    var values = tile.getValues().order(java.nio.ByteOrder.LITTLE_ENDIAN).asLongBuffer();
    long[] sum =
        sums.computeIfAbsent(
            key(tile.getSlot(), tile.getLayer(), tile.getKind(), tile.getRow(), tile.getCol()),
            k -> new long[values.remaining()]);
    for (int i = 0; i < sum.length; i++) {
      sum[i] += values.get(i);
    }
  }

  private static RecordFeatures constant(double diagonal) {
    return new StubFeatures(
        1,
        diagonal,
        (layer, out) -> {
          for (int i = 0; i < TokenFeatures.WIDTH; i++) {
            out[i * TokenFeatures.SIZE + i] = diagonal;
          }
          out[out.length - 1] = 1;
        });
  }

  private interface Fill {
    void into(int layer, double[] out);
  }

  private record StubFeatures(long tokens, double diagonal, Fill fill) implements RecordFeatures {
    @Override
    public java.util.OptionalInt firstNonFiniteLayer() {
      return java.util.OptionalInt.empty();
    }

    @Override
    public double largestDiagonal(int layer) {
      return diagonal;
    }

    @Override
    public void gram(int layer, double[] out) {
      java.util.Arrays.fill(out, 0);
      fill.into(layer, out);
    }

    @Override
    public void close() {}
  }
}
