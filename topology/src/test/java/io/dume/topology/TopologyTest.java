package io.dume.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.ApplyFlush;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.CutSlot;
import io.dume.schemas.message.DiscardFlush;
import io.dume.schemas.message.ExpectedTile;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitFailed;
import io.dume.schemas.message.LargestDiagonal;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.message.StatisticsTile;
import io.dume.schemas.statistics.FixedPoint;
import io.dume.schemas.statistics.Tiles;
import io.dume.schemas.wire.Wire;
import io.dume.topology.fold.FoldConfig;
import io.dume.topology.sequencer.CutPolicy;
import io.dume.topology.sequencer.Decision;
import io.dume.topology.sequencer.Sequencer;
import io.dume.topology.sequencer.SequencerConfig;
import io.dume.topology.synthetic.LayersOfCut;
import io.dume.topology.synthetic.PlainSums;
import io.dume.topology.synthetic.SyntheticFit;
import io.dume.topology.synthetic.SyntheticFlush;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

class TopologyTest {
  private static final List<String> DOMAINS = List.of("code", "math");

  /** A fresh seed each run; -Ddume.seed repeats one that was printed. */
  private final long seed = Long.getLong("dume.seed", new Random().nextLong());

  private final Random random = new Random(seed);
  private final Fit fit = SyntheticFit.of("", 3, 9, 4, 3, 1);

  @TempDir Path directory;
  private Pipeline pipeline;

  @BeforeEach
  void printSeed(TestInfo test) {
    System.out.printf("%s: -Ddume.seed=%d%n", test.getDisplayName(), seed);
  }

  @AfterEach
  void close() {
    pipeline.close();
  }

  private void given(CutPolicy policy) {
    pipeline = new Pipeline(directory, policy);
    started();
  }

  private void started() {
    pipeline.control(
        SyntheticFit.created(SyntheticFit.ROUTER, fit),
        SyntheticFit.experts(SyntheticFit.ROUTER, 1, "code", "math"));
  }

  private SyntheticFlush flush(int partition, long from, long to) {
    return SyntheticFlush.of(fit, random)
        .range(partition, from, to)
        .records("code", 1 + random.nextInt(2))
        .records("math", 1 + random.nextInt(2))
        .build();
  }

  private void request(String id, PartitionOffset... upTo) {
    pipeline.control(new CutRequested(SyntheticFit.ROUTER, id, List.of(upTo), null, false));
  }

  private void assertSums(long cut, PlainSums expected) {
    LayersOfCut layers = pipeline.cut(fit, cut);
    assertThat(layers.failures()).as("seed %d", seed).isEmpty();
    assertThat(layers.complete()).as("seed %d", seed).hasSize(fit.getLayers());
    for (int layer = 0; layer < fit.getLayers(); layer++) {
      assertThat(layers.gram(layer))
          .as("A of layer %d, seed %d", layer, seed)
          .isEqualTo(expected.gram(layer, DOMAINS));
      assertThat(layers.targets(layer))
          .as("b of layer %d, seed %d", layer, seed)
          .isEqualTo(expected.targets(layer, DOMAINS));
    }
  }

  private PlainSums sumOf(SyntheticFlush... flushes) {
    PlainSums sums = new PlainSums(fit);
    for (SyntheticFlush flush : flushes) {
      sums.add(flush);
    }
    return sums;
  }

  @Test
  void shouldSumInterleavedFlushesOfSeveralWorkersAsPlainAdditionDoes() {
    given(CutPolicy.ON_DEMAND);
    SyntheticFlush[] flushes = new SyntheticFlush[9];
    for (int i = 0; i < flushes.length; i++) {
      flushes[i] = flush(i % 3, 10L * (i / 3), 10L * (i / 3) + 10);
    }
    // Three workers at a time: their tiles arrive in any order, then their manifests.
    for (int round = 0; round < 3; round++) {
      List<StatisticsTile> tiles = new ArrayList<>();
      List<SyntheticFlush> manifests = new ArrayList<>();
      for (int worker = 0; worker < 3; worker++) {
        tiles.addAll(flushes[3 * round + worker].tiles());
        manifests.add(flushes[3 * round + worker]);
      }
      Collections.shuffle(tiles, random);
      Collections.shuffle(manifests, random);
      tiles.forEach(pipeline::tile);
      manifests.forEach(pipeline::manifest);
    }

    request("r");

    assertSums(1, sumOf(flushes));
    assertThat(pipeline.deadLetters).as("seed %d", seed).isEmpty();
    assertThat(pipeline.entries(FoldTopology.STAGING)).as("seed %d", seed).isEmpty();
  }

  @Test
  void shouldNotShowAFlushThatNeverCompletes() {
    given(CutPolicy.ON_DEMAND);
    SyntheticFlush whole = flush(0, 0, 10);
    pipeline.flush(whole);
    flush(1, 0, 10).tiles().forEach(pipeline::tile);

    request("r");

    assertSums(1, sumOf(whole));
  }

  @Test
  void shouldSetTilesAsideThatNoManifestEverCameFor() {
    pipeline =
        new Pipeline(directory, CutPolicy.ON_DEMAND, new FoldConfig(1, Duration.ofMinutes(10)));
    started();
    SyntheticFlush stray = flush(1, 0, 10);
    stray.tiles().forEach(pipeline::tile);
    pipeline.pass(Duration.ofMinutes(11));
    SyntheticFlush later = flush(0, 0, 10);

    pipeline.flush(later);

    assertThat(pipeline.reasons()).as("seed %d", seed).containsExactly("stray-tiles");
    assertThat(pipeline.entries(FoldTopology.STAGING)).as("seed %d", seed).isEmpty();
    request("r");
    assertSums(1, sumOf(later));
  }

  @Test
  void shouldKeepTilesWhoseManifestMerelyWaitsForASequencerThatStoodStill() {
    pipeline =
        new Pipeline(directory, CutPolicy.ON_DEMAND, new FoldConfig(1, Duration.ofMinutes(10)));
    started();
    SyntheticFlush first = flush(0, 0, 10);
    SyntheticFlush second = flush(1, 0, 10);
    Instant sent = pipeline.now();
    first.tiles().forEach(pipeline::tile);
    second.tiles().forEach(pipeline::tile);
    pipeline.pass(Duration.ofDays(1));

    pipeline.manifestAt(first, sent);
    pipeline.manifestAt(second, sent.plusSeconds(1));

    request("r");
    assertSums(1, sumOf(first, second));
    assertThat(pipeline.deadLetters).as("seed %d", seed).isEmpty();
  }

  @Test
  void shouldCountAFlushOnceThatIsSeenTwice() {
    given(CutPolicy.ON_DEMAND);
    SyntheticFlush flush = flush(0, 0, 10);
    pipeline.flush(flush);

    pipeline.flush(flush);

    request("r");
    assertSums(1, sumOf(flush));
    assertThat(pipeline.reasons()).as("seed %d", seed).containsExactly("overlap", "overlap");
    assertThat(pipeline.entries(FoldTopology.STAGING)).as("seed %d", seed).isEmpty();
  }

  @Test
  void shouldRefuseAFlushOfAnotherFitWhenItsFitNeverComes() {
    given(CutPolicy.ON_DEMAND);
    SyntheticFlush own = flush(0, 0, 10);
    Fit otherFit = SyntheticFit.of("another", 3, 9, 4, 3, 1);
    SyntheticFlush other =
        SyntheticFlush.of(otherFit, random).range(0, 0, 10).records("code", 1).build();
    pipeline.flush(other);
    pipeline.flush(own);

    pipeline.pass(Duration.ofMinutes(1));

    assertThat(pipeline.reasons()).as("seed %d", seed).containsExactly("other-fit", "other-fit");
    assertThat(pipeline.entries(FoldTopology.STAGING)).as("seed %d", seed).isEmpty();
    request("r");
    assertSums(1, sumOf(own));
  }

  @Test
  void shouldCountAManifestThatWasReadBeforeTheFitThatItBelongsTo() {
    pipeline = new Pipeline(directory, CutPolicy.ON_DEMAND);
    SyntheticFlush first = flush(0, 0, 10);
    SyntheticFlush second = flush(0, 10, 20);
    pipeline.flush(first);
    pipeline.flush(second);

    started();

    request("r");
    assertSums(1, sumOf(first, second));
    assertThat(pipeline.deadLetters).as("seed %d", seed).isEmpty();
  }

  @Test
  void shouldStopTheFitWhenASumCouldOverflow() {
    given(CutPolicy.ON_DEMAND);
    SyntheticFlush good = flush(0, 0, 10);
    pipeline.flush(good);
    SyntheticFlush huge = flush(0, 10, 20);
    huge.manifest()
        .getDiagonals()
        .replaceAll(d -> new LargestDiagonal(d.getLayer(), d.getSlot(), FixedPoint.LIMIT - 1));

    pipeline.flush(huge);

    assertThat(pipeline.reasons()).as("seed %d", seed).containsExactly("overflow", "overflow");
    assertThat(pipeline.control)
        .as("seed %d", seed)
        .singleElement()
        .isInstanceOfSatisfying(
            FitFailed.class, f -> assertThat(f.getReason()).contains("overflow", "2^62"));
    request("r");
    assertThat(pipeline.cut(fit, 1).failures()).as("seed %d", seed).hasSize(fit.getLayers());
  }

  @Test
  void shouldCutBetweenFlushesWhenAFlushIsInTheMiddle() {
    given(CutPolicy.ON_DEMAND);
    SyntheticFlush before = flush(0, 0, 10);
    SyntheticFlush middle = flush(1, 0, 10);
    pipeline.flush(before);
    int half = middle.tiles().size() / 2;
    middle.tiles().subList(0, half).forEach(pipeline::tile);

    request("r1");
    middle.tiles().subList(half, middle.tiles().size()).forEach(pipeline::tile);
    request("r2");
    pipeline.manifest(middle);
    request("r3");

    assertSums(1, sumOf(before));
    assertSums(2, sumOf(before));
    assertSums(3, sumOf(before, middle));
  }

  @Test
  void shouldStopTheFitAtAGap() {
    given(CutPolicy.ON_DEMAND);
    pipeline.flush(flush(0, 0, 10));

    pipeline.flush(flush(0, 11, 20));

    assertThat(pipeline.reasons()).as("seed %d", seed).containsExactly("gap", "gap");
    assertThat(pipeline.control)
        .as("seed %d", seed)
        .singleElement()
        .isInstanceOfSatisfying(
            FitFailed.class, f -> assertThat(f.getReason()).contains("[10, 11)"));
    pipeline.flush(flush(0, 10, 20));
    assertThat(pipeline.reasons())
        .as("seed %d", seed)
        .containsExactly("gap", "gap", "fit-failed", "fit-failed");
  }

  @Test
  void shouldSetATileAsideThatDoesNotMatchItsDigestAndKeepTheGoodOne() {
    given(CutPolicy.ON_DEMAND);
    SyntheticFlush flush = flush(0, 0, 10);
    StatisticsTile good = flush.tiles().get(0);
    byte[] values = bytes(good.getValues());
    Tiles.set(values, 0, Tiles.get(values, 0) + 1);
    StatisticsTile bad = StatisticsTile.newBuilder(good).setValues(ByteBuffer.wrap(values)).build();
    flush.tiles().forEach(pipeline::tile);
    pipeline.tile(bad);

    pipeline.manifest(flush);

    request("r");
    assertSums(1, sumOf(flush));
    assertThat(pipeline.reasons()).as("seed %d", seed).containsExactly("stray-tile");
  }

  @Test
  void shouldSetATileAsideThatTheManifestDoesNotList() {
    given(CutPolicy.ON_DEMAND);
    SyntheticFlush flush = flush(0, 0, 10);
    flush.tiles().forEach(pipeline::tile);
    pipeline.tile(changed(flush.tiles().get(0)));

    pipeline.manifest(flush);

    request("r");
    assertSums(1, sumOf(flush));
    assertThat(pipeline.reasons()).as("seed %d", seed).containsExactly("stray-tiles");
    assertThat(pipeline.entries(FoldTopology.STAGING)).as("seed %d", seed).isEmpty();
  }

  /** Other values with a digest of their own. */
  private static StatisticsTile changed(StatisticsTile tile) {
    byte[] values = bytes(tile.getValues());
    Tiles.set(values, 0, Tiles.get(values, 0) + 1);
    return StatisticsTile.newBuilder(tile)
        .setValues(ByteBuffer.wrap(values))
        .setDigest(Tiles.digest(values))
        .build();
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  @Test
  void shouldStopTheFitInAllLayersWhenATileIsMissing() {
    given(CutPolicy.ON_DEMAND);
    SyntheticFlush good = flush(0, 0, 10);
    pipeline.flush(good);
    SyntheticFlush torn = flush(0, 10, 20);
    int missing = random.nextInt(torn.tiles().size());
    for (int i = 0; i < torn.tiles().size(); i++) {
      if (i != missing) {
        pipeline.tile(torn.tiles().get(i));
      }
    }

    pipeline.manifest(torn);

    assertThat(pipeline.control)
        .as("seed %d", seed)
        .singleElement()
        .isInstanceOfSatisfying(
            FitFailed.class, f -> assertThat(f.getReason()).contains("missing"));
    request("r");
    LayersOfCut cut = pipeline.cut(fit, 1);
    assertThat(cut.complete()).as("seed %d", seed).isEmpty();
    assertThat(cut.failures()).as("seed %d", seed).hasSize(fit.getLayers());
    assertThat(pipeline.entries(FoldTopology.STAGING)).as("seed %d", seed).isEmpty();
  }

  @Test
  void shouldStopTheFitWhenATileIsNotWhatItsManifestPromised() {
    given(CutPolicy.ON_DEMAND);
    SyntheticFlush flush = flush(0, 0, 10);
    int victim = random.nextInt(flush.tiles().size());
    StatisticsTile honest = flush.tiles().get(victim);
    byte[] values = bytes(honest.getValues());
    Tiles.set(values, 0, FixedPoint.LIMIT);
    StatisticsTile lie =
        StatisticsTile.newBuilder(honest)
            .setValues(ByteBuffer.wrap(values))
            .setDigest(Tiles.digest(values))
            .build();
    ExpectedTile listed = flush.manifest().getTiles().get(victim);
    flush
        .manifest()
        .getTiles()
        .set(victim, ExpectedTile.newBuilder(listed).setDigest(lie.getDigest()).build());

    pipeline.flush(flush.with(victim, lie));

    assertThat(pipeline.control).as("seed %d", seed).hasSize(1);
    assertThat(pipeline.entries(FoldTopology.GRAM)).as("seed %d", seed).isEmpty();
  }

  @Test
  void shouldAnswerARequestWhenItsPositionsAreReached() {
    given(CutPolicy.ON_DEMAND);
    pipeline.flush(flush(0, 0, 10));
    request("early", new PartitionOffset(0, 15L), new PartitionOffset(1, 5L));
    assertThat(pipeline.cuts).isEmpty();

    SyntheticFlush second = flush(1, 0, 5);
    pipeline.flush(second);
    assertThat(pipeline.cuts).isEmpty();
    pipeline.flush(flush(0, 10, 15));

    assertThat(pipeline.cuts)
        .singleElement()
        .isInstanceOfSatisfying(
            Cut.class,
            cut -> {
              assertThat(cut.getRequests()).containsExactly("early");
              assertThat(cut.getReason()).isEqualTo("demand");
              assertThat(cut.getSequence()).isEqualTo(3);
              assertThat(cut.getRanges())
                  .extracting(r -> r.getPartition() + ":" + r.getFrom() + "-" + r.getTo())
                  .containsExactly("0:0-15", "1:0-5", "2:0-0");
            });
  }

  @Test
  void shouldCutByTokensAndByTimeOnlyAfterNewDataOfEveryExpert() {
    given(new CutPolicy(1000, Duration.ofSeconds(30)));
    SyntheticFlush codeAlone =
        SyntheticFlush.of(fit, random).range(0, 0, 300).records("code", 300).build();
    pipeline.flush(codeAlone);
    pipeline.pass(Duration.ofMinutes(5));
    assertThat(pipeline.cuts).as("seed %d, math has no tokens", seed).isEmpty();

    SyntheticFlush math =
        SyntheticFlush.of(fit, random).range(1, 0, 300).records("math", 300).build();
    pipeline.flush(math);
    assertThat(reasons()).as("seed %d", seed).containsExactly("tokens");
    pipeline.pass(Duration.ofMinutes(5));
    assertThat(reasons()).as("seed %d, nothing is new", seed).containsExactly("tokens");

    SyntheticFlush more =
        SyntheticFlush.of(fit, random).range(1, 300, 301).records("math", 1).build();
    pipeline.flush(more);
    pipeline.pass(Duration.ofSeconds(29));
    assertThat(reasons()).as("seed %d, too early", seed).containsExactly("tokens");
    pipeline.pass(Duration.ofSeconds(1));

    assertThat(reasons()).as("seed %d", seed).containsExactly("tokens", "time");
    assertSums(2, sumOf(codeAlone, math, more));
  }

  private List<String> reasons() {
    return pipeline.cuts.stream().map(c -> ((Cut) c).getReason()).toList();
  }

  @Test
  void shouldSendHeldOutTokensApart() {
    given(CutPolicy.ON_DEMAND);
    SyntheticFlush counted = flush(0, 0, 10);
    SyntheticFlush heldOut =
        SyntheticFlush.of(fit, random).range(1, 0, 10).heldOut("code", 3).build();
    pipeline.flush(counted);
    pipeline.flush(heldOut);

    request("r");

    PlainSums sums = sumOf(counted, heldOut);
    assertSums(1, sums);
    LayersOfCut layers = pipeline.cut(fit, 1);
    for (int layer = 0; layer < fit.getLayers(); layer++) {
      assertThat(layers.heldOutGram(layer))
          .as("seed %d", seed)
          .contains(sums.heldOutGram(layer, DOMAINS));
      assertThat(layers.heldOutTargets(layer))
          .as("seed %d", seed)
          .contains(sums.heldOutTargets(layer, DOMAINS));
    }
    Cut cut = (Cut) pipeline.cuts.get(0);
    assertThat(cut.getSlots()).extracting(CutSlot::getDomain).containsExactly("code", "math");
    assertThat(cut.getHeldOut()).extracting(CutSlot::getDomain).containsExactly("code");
  }

  @Test
  void shouldTakeADomainAwayWhileAFlushOfItIsOnItsWayAndLetItComeBack() {
    given(CutPolicy.ON_DEMAND);
    SyntheticFlush before = flush(0, 0, 10);
    SyntheticFlush onItsWay = flush(0, 10, 20);
    pipeline.flush(before);
    onItsWay.tiles().forEach(pipeline::tile);

    pipeline.control(SyntheticFit.experts(SyntheticFit.ROUTER, 2, "code"));
    pipeline.manifest(onItsWay);
    pipeline.control(SyntheticFit.experts(SyntheticFit.ROUTER, 3, "code", "math"));
    SyntheticFlush back =
        SyntheticFlush.of(fit, random)
            .range(0, 20, 30)
            .records(SyntheticFit.membership("math", 3), 2)
            .build();
    pipeline.flush(back);

    request("r");
    PlainSums sums = sumOf(before, onItsWay);
    sums.takeAway("math");
    sums.add(back);
    assertSums(1, sums);
    assertThat(pipeline.deadLetters).as("seed %d", seed).isEmpty();
    assertThat(pipeline.entries(FoldTopology.STAGING)).as("seed %d", seed).isEmpty();
  }

  @Test
  void shouldMoveARouterToAnotherFitAndForgetTheFirst() {
    given(CutPolicy.ON_DEMAND);
    Fit replay = SyntheticFit.of("replay", 3, 9, 4, 3, 1);
    pipeline.flush(flush(0, 0, 10));
    pipeline.control(
        SyntheticFit.candidate(SyntheticFit.ROUTER, replay),
        SyntheticFit.experts(SyntheticFit.ROUTER, replay, 1, "code", "math"));
    SyntheticFlush again =
        SyntheticFlush.of(replay, random)
            .range(0, 0, 10)
            .records("code", 1)
            .records("math", 1)
            .build();
    pipeline.flush(again);

    pipeline.control(
        SyntheticFit.promoted(SyntheticFit.ROUTER, replay, "p"),
        SyntheticFit.removed(SyntheticFit.ROUTER, fit));
    SyntheticFlush late = flush(0, 10, 20);
    pipeline.flush(late);

    assertThat(pipeline.cuts)
        .singleElement()
        .isInstanceOfSatisfying(
            Cut.class, cut -> assertThat(cut.getReason()).isEqualTo("promotion"));
    LayersOfCut layers = pipeline.cut(replay, 1);
    PlainSums sums = new PlainSums(replay);
    sums.add(again);
    assertThat(layers.gram(2)).as("seed %d", seed).isEqualTo(sums.gram(2, DOMAINS));
    assertThat(pipeline.entries(FoldTopology.GRAM))
        .as("seed %d", seed)
        .isNotEmpty()
        .allMatch(e -> Arrays.equals(e.key.get(), 0, 16, replay.getId().bytes(), 0, 16));
    assertThat(pipeline.entries(FoldTopology.STAGING)).as("seed %d", seed).isEmpty();
    assertThat(pipeline.reasons())
        .as("seed %d", seed)
        .containsExactly("fit-removed", "fit-removed");
  }

  @Test
  void shouldGoOnFromItsStoresAfterARestartInTheMiddleOfAFlush() {
    given(CutPolicy.ON_DEMAND);
    SyntheticFlush first = flush(0, 0, 10);
    SyntheticFlush second = flush(1, 0, 10);
    pipeline.flush(first);
    int half = second.tiles().size() / 2;
    second.tiles().subList(0, half).forEach(pipeline::tile);

    pipeline.restartFold();
    second.tiles().subList(half, second.tiles().size()).forEach(pipeline::tile);
    pipeline.manifest(second);

    request("r");
    assertSums(1, sumOf(first, second));
  }

  @Test
  void shouldFindRequestsAndManifestsThatWaitAgainInItsStore() {
    given(CutPolicy.ON_DEMAND);
    pipeline.flush(flush(0, 0, 10));
    request("waits", new PartitionOffset(0, 20L));
    request("answered");
    SyntheticFlush early =
        SyntheticFlush.of(fit, random)
            .range(0, 10, 20)
            .records(SyntheticFit.membership("scripture", 2), 1)
            .build();
    pipeline.manifest(early);
    Sequencer restarted =
        new Sequencer(SequencerConfig.of(1, CutPolicy.ON_DEMAND), pipeline.memory());

    List<Decision> decisions =
        restarted.control(
            100,
            SyntheticFit.experts(SyntheticFit.ROUTER, 2, "code", "math", "scripture"),
            pipeline.now());

    assertThat(decisions)
        .filteredOn(Decision.ToPartition.class::isInstance)
        .extracting(d -> ((Decision.ToPartition) d).order().getSequence())
        .containsExactly(2L);
    assertThat(decisions)
        .filteredOn(Decision.CutMade.class::isInstance)
        .extracting(d -> ((Decision.CutMade) d).cut())
        .extracting(Cut::getCut, Cut::getRequests)
        .containsExactly(tuple(2L, List.of("waits")));
  }

  @Test
  void shouldGiveEveryOrderOnceAndInOrder() {
    given(CutPolicy.ON_DEMAND);
    pipeline.flush(flush(0, 0, 10));
    pipeline.flush(flush(0, 0, 10));

    pipeline.flush(flush(0, 10, 20));

    assertThat(pipeline.orders)
        .extracting(
            o ->
                o instanceof ApplyFlush a
                    ? "apply " + a.getSequence()
                    : "discard " + ((DiscardFlush) o).getReason())
        .containsExactly("apply 1", "discard overlap", "apply 2");
  }

  @Test
  void shouldSetAMessageAsideThatClaimsMoreItemsThanMemoryHolds() {
    given(CutPolicy.ON_DEMAND);
    byte[] request = Wire.encode(new CutRequested("", "", List.of(), null, false));
    // Marker and fingerprint, two empty strings, and an array of 2^31 - 1 items.
    byte[] claim = Arrays.copyOf(request, 17);
    System.arraycopy(new byte[] {0, 0, -2, -1, -1, -1, 15}, 0, claim, 10, 7);

    pipeline.rawControl(claim);
    pipeline.rawManifest(null, claim);
    pipeline.rawTile(null, claim);

    assertThat(pipeline.reasons()).hasSize(3).containsOnly("malformed-message");
  }

  @Test
  void shouldNotDecodeWhatIsTooLarge() {
    given(CutPolicy.ON_DEMAND);
    List<PartitionOffset> endless =
        Collections.nCopies(Topics.MAX_CONTROL_BYTES / 2, new PartitionOffset(0, 0L));
    byte[] request = Wire.encode(new CutRequested(SyntheticFit.ROUTER, "r", endless, null, false));

    pipeline.rawControl(request);
    pipeline.rawTile(null, new byte[Topics.MAX_MESSAGE_BYTES + 1]);
    pipeline.rawManifest(null, new byte[Topics.MAX_MESSAGE_BYTES + 1]);

    assertThat(pipeline.deadLetters)
        .hasSize(3)
        .allSatisfy(l -> assertThat(l.getDetail()).contains("has at most"));
    assertThat(pipeline.cuts).isEmpty();
  }

  @Test
  void shouldStayAliveWhateverStandsOnItsTopics() {
    given(CutPolicy.ON_DEMAND);
    Fit strange = SyntheticFit.of("strange", 3, 9, 4, 3, 1);
    SyntheticFlush hostile =
        SyntheticFlush.of(strange, random).range(0, 0, 10).records("code", 1).build();
    List<byte[]> wholes =
        List.of(
            Wire.encode(hostile.tiles().get(0)),
            Wire.encode(hostile.manifest()),
            Wire.encode(SyntheticFit.created("another", strange)));
    for (int i = 0; i < 200; i++) {
      byte[] bytes = wholes.get(random.nextInt(wholes.size())).clone();
      // Behind the fingerprint, so that it looks like the message that it no longer is.
      int at = 10 + random.nextInt(bytes.length - 10);
      bytes[at] ^= (byte) (1 + random.nextInt(255));
      bytes = random.nextBoolean() ? bytes : Arrays.copyOf(bytes, at);
      pipeline.rawTile(null, bytes);
      pipeline.rawManifest(new byte[3], bytes);
      pipeline.rawControl(bytes);
    }
    pipeline.rawTile(null, null);
    pipeline.rawManifest(null, null);
    pipeline.rawControl(null);
    pipeline.rawControl(new byte[] {1, 2, 3});
    pipeline.rawControl(wholes.get(0));
    pipeline.pass(Duration.ofMinutes(1));
    SyntheticFlush flush = flush(0, 0, 10);
    pipeline.flush(flush);

    request("r");

    assertSums(1, sumOf(flush));
    assertThat(pipeline.reasons())
        .as("seed %d", seed)
        .contains("malformed-message", "wrong-message")
        .hasSizeGreaterThan(400);
  }
}
