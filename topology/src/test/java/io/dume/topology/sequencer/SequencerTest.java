package io.dume.topology.sequencer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.tuple;

import io.dume.schemas.message.CoveredRange;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.CutSlot;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.Duplicate;
import io.dume.schemas.message.ExpectedTile;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.LargestDiagonal;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.message.SetAside;
import io.dume.schemas.message.SlotCount;
import io.dume.schemas.message.StatisticsKind;
import io.dume.schemas.message.TakeAway;
import io.dume.schemas.statistics.FixedPoint;
import io.dume.schemas.wire.Ids;
import io.dume.topology.synthetic.MapMemory;
import io.dume.topology.synthetic.SyntheticFit;
import io.dume.topology.synthetic.SyntheticFlush;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SequencerTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final int PARTITIONS = 4;

  private final long seed = Long.getLong("dume.seed", new Random().nextLong());
  private final Random random = new Random(seed);
  private final Fit fit = SyntheticFit.of("", 5, 9, 4, 3, PARTITIONS);
  private final MapMemory memory = new MapMemory();
  private Sequencer sequencer = sequencer(CutPolicy.ON_DEMAND, memory);
  private long controlOffset;

  private static Sequencer sequencer(CutPolicy policy, SequencerMemory memory) {
    return new Sequencer(SequencerConfig.of(PARTITIONS, policy), memory);
  }

  private List<Decision> control(SpecificRecord record) {
    return sequencer.control(controlOffset++, record, NOW);
  }

  private void started(String... experts) {
    control(SyntheticFit.created(SyntheticFit.ROUTER, fit));
    control(SyntheticFit.experts(SyntheticFit.ROUTER, 1, experts));
  }

  private FlushManifest manifest(int partition, long from, long to, String... domains) {
    SyntheticFlush.Builder flush = SyntheticFlush.of(fit, random).range(partition, from, to);
    for (String domain : domains) {
      flush.records(domain, 2);
    }
    return flush.build().manifest();
  }

  private static Submission submission(FlushManifest manifest, Instant now) {
    DeadLetter letter =
        new DeadLetter("", "", "sequencer", "m", 0, 0L, now, null, null, List.of(), now);
    return new Submission(manifest, letter);
  }

  private List<Decision> submit(FlushManifest manifest) {
    return sequencer.manifest(submission(manifest, NOW), NOW);
  }

  private static <T extends Decision> List<T> only(Class<T> type, List<Decision> decisions) {
    return decisions.stream().filter(type::isInstance).map(type::cast).toList();
  }

  private static List<String> refusals(List<Decision> decisions) {
    return only(Decision.Refused.class, decisions).stream()
        .map(r -> r.letter().getReason())
        .toList();
  }

  private static List<Cut> cuts(List<Decision> decisions) {
    return only(Decision.CutMade.class, decisions).stream().map(Decision.CutMade::cut).toList();
  }

  private static CutRequested request(String id, Double lambda, PartitionOffset... upTo) {
    return new CutRequested(SyntheticFit.ROUTER, id, List.of(upTo), lambda, false);
  }

  @Test
  void shouldSendEachPartitionItsOwnLayersAndNothingElse() {
    started("code", "math");
    FlushManifest manifest = manifest(0, 0, 10, "code", "math");

    List<Decision.ToPartition> orders = only(Decision.ToPartition.class, submit(manifest));

    assertThat(orders).extracting(Decision.ToPartition::partition).containsExactly(0, 1, 2, 3);
    assertThat(orders)
        .allSatisfy(
            o -> {
              assertThat(o.order().getSequence()).isEqualTo(1);
              assertThat(o.order().getSlots()).isEqualTo(manifest.getSlots());
              assertThat(o.order().getTiles())
                  .allMatch(
                      t -> Ids.partition(fit.getId(), t.getLayer(), PARTITIONS) == o.partition());
              assertThat(o.order().getDiagonals())
                  .allMatch(
                      d -> Ids.partition(fit.getId(), d.getLayer(), PARTITIONS) == o.partition());
            });
    assertThat(orders.stream().flatMap(o -> o.order().getTiles().stream()))
        .containsExactlyInAnyOrderElementsOf(manifest.getTiles());
  }

  static Stream<Arguments> badManifests() {
    return Stream.of(
        bad("a flush of nothing", "malformed-manifest", m -> m.getRanges().clear()),
        bad(
            "an unknown partition",
            "malformed-manifest",
            m -> m.getRanges().set(0, range(9, 0, 10))),
        bad("a partition twice", "malformed-manifest", m -> m.getRanges().add(range(0, 0, 10))),
        bad(
            "a range that ends before it starts",
            "malformed-manifest",
            m -> m.getRanges().set(0, range(0, 5, 0))),
        bad(
            "a range of half of all offsets",
            "malformed-manifest",
            m -> m.getRanges().set(0, range(0, Long.MIN_VALUE, Long.MAX_VALUE))),
        bad(
            "an offset set aside that is not covered",
            "malformed-manifest",
            m ->
                m.getRanges()
                    .set(
                        0,
                        new CoveredRange(
                            0, 0L, 10L, List.of(new SetAside(10L, "x")), List.of(), 0L))),
        bad(
            "an offset set aside and a duplicate too",
            "malformed-manifest",
            m ->
                m.getRanges()
                    .set(
                        0,
                        new CoveredRange(
                            0,
                            0L,
                            10L,
                            List.of(new SetAside(1L, "x")),
                            List.of(new Duplicate(1L, new Id(new byte[16]))),
                            0L))),
        bad(
            "a negative number of records left out",
            "malformed-manifest",
            m -> m.getRanges().set(0, new CoveredRange(0, 0L, 10L, List.of(), List.of(), -1L))),
        bad(
            "so many records left out that the others have no room",
            "malformed-manifest",
            m -> m.getRanges().set(0, new CoveredRange(0, 0L, 10L, List.of(), List.of(), 7L))),
        bad(
            "all numbers there are of records left out",
            "malformed-manifest",
            m ->
                m.getRanges()
                    .set(
                        0,
                        new CoveredRange(
                            0,
                            0L,
                            10L,
                            List.of(new SetAside(1L, "x")),
                            List.of(),
                            Long.MAX_VALUE))),
        bad(
            "a slot of another list than its id says",
            "malformed-manifest",
            m -> slot(m, s -> s.setSince(2))),
        bad(
            "more records than positions",
            "malformed-manifest",
            m -> m.getRanges().set(0, range(0, 0, 3))),
        bad(
            "a slot of another id",
            "malformed-manifest",
            m -> slot(m, s -> s.setSlot(new Id(new byte[16])))),
        bad("a slot twice", "malformed-manifest", m -> m.getSlots().set(1, m.getSlots().get(0))),
        bad("no tokens", "malformed-manifest", m -> slot(m, s -> s.setTokens(0))),
        bad("negative tokens", "malformed-manifest", m -> slot(m, s -> s.setTokens(-1))),
        bad(
            "more tokens than records may hold",
            "malformed-manifest",
            m -> slot(m, s -> s.setTokens(Long.MAX_VALUE))),
        bad("negative records", "malformed-manifest", m -> slot(m, s -> s.setRecords(-1))),
        bad("a tile that is not listed", "incomplete-manifest", m -> m.getTiles().remove(3)),
        bad(
            "a tile that is listed twice",
            "incomplete-manifest",
            m -> m.getTiles().set(3, m.getTiles().get(4))),
        bad("a tile of a layer too many", "incomplete-manifest", m -> tile(m, t -> t.setLayer(5))),
        bad("a tile of a negative layer", "incomplete-manifest", m -> tile(m, t -> t.setLayer(-1))),
        bad("a tile of a slot too many", "incomplete-manifest", m -> tile(m, t -> t.setSlot(2))),
        bad("a tile below the diagonal", "incomplete-manifest", m -> tile(m, t -> t.setRow(3))),
        bad(
            "b at a place of a tile",
            "incomplete-manifest",
            m -> tile(m, t -> t.setKind(StatisticsKind.TARGET).setRow(0).setCol(1))),
        bad("no largest diagonal entry", "incomplete-manifest", m -> m.getDiagonals().remove(0)),
        bad(
            "a largest diagonal entry twice",
            "incomplete-manifest",
            m -> m.getDiagonals().set(0, m.getDiagonals().get(1))),
        bad(
            "a largest diagonal entry below the tokens",
            "malformed-manifest",
            m -> m.getDiagonals().set(0, new LargestDiagonal(0, 0, 1L))),
        bad(
            "a negative largest diagonal entry",
            "malformed-manifest",
            m -> m.getDiagonals().set(0, new LargestDiagonal(0, 0, Long.MIN_VALUE))));
  }

  private static Arguments bad(String what, String reason, Consumer<FlushManifest> change) {
    return Arguments.of(what, reason, change);
  }

  private static CoveredRange range(int partition, long from, long to) {
    return new CoveredRange(partition, from, to, List.of(), List.of(), 0L);
  }

  private static void slot(FlushManifest manifest, Consumer<SlotCount.Builder> change) {
    SlotCount.Builder builder = SlotCount.newBuilder(manifest.getSlots().get(0));
    change.accept(builder);
    manifest.getSlots().set(0, builder.build());
  }

  private static void tile(FlushManifest manifest, Consumer<ExpectedTile.Builder> change) {
    ExpectedTile.Builder builder = ExpectedTile.newBuilder(manifest.getTiles().get(0));
    change.accept(builder);
    manifest.getTiles().set(0, builder.build());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badManifests")
  void shouldRefuseAManifestWithAndGoOn(
      String what, String reason, Consumer<FlushManifest> change) {
    started("code", "math");
    FlushManifest bad = manifest(0, 0, 10, "code", "math");
    change.accept(bad);

    List<Decision> decisions = submit(bad);

    assertThat(refusals(decisions)).containsExactly(reason);
    assertThat(only(Decision.ToPartition.class, decisions)).isEmpty();
    assertThat(only(Decision.ToPartition.class, submit(manifest(0, 0, 10, "code"))))
        .hasSize(PARTITIONS);
  }

  @Test
  void shouldBoundTheSumOfAllSlotsOfALayerBecauseACutPoolsThem() {
    started("code", "math");
    FlushManifest manifest = manifest(0, 0, 10, "code", "math");
    manifest
        .getDiagonals()
        .replaceAll(d -> new LargestDiagonal(d.getLayer(), d.getSlot(), FixedPoint.LIMIT / 2));

    List<Decision> decisions = submit(manifest);

    assertThat(refusals(decisions)).containsExactly("overflow");
    assertThat(only(Decision.FitStopped.class, decisions)).hasSize(1);
  }

  @Test
  void shouldAddUpTheBoundsOfFlushesUntilOneWouldPassTheLimit() {
    started("code");
    List<String> outcomes = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      FlushManifest manifest = manifest(0, 10L * i, 10L * i + 10, "code");
      manifest
          .getDiagonals()
          .replaceAll(d -> new LargestDiagonal(d.getLayer(), d.getSlot(), FixedPoint.LIMIT / 3));
      outcomes.addAll(refusals(submit(manifest)));
    }

    assertThat(outcomes).containsExactly("overflow");
  }

  @Test
  void shouldTakeADomainAwayInTheStepThatReadsTheListBeforeAnyCut() {
    started("code", "math");
    FlushManifest manifest = manifest(0, 0, 10, "code", "math");
    submit(manifest);
    control(request("waits", null, new PartitionOffset(0, 20L)));

    List<Decision> decisions = control(SyntheticFit.experts(SyntheticFit.ROUTER, 2, "code"));

    Id math = manifest.getSlots().get(1).getSlot();
    assertThat(decisions)
        .containsExactly(
            new Decision.ToAll(
                new TakeAway(fit.getId(), List.of(math)), fit.getId(), 0, NOW.toEpochMilli()));
    assertThat(memory.progress().get(0).getSlots())
        .extracting(SlotCount::getDomain)
        .containsExactly("code");
    assertThat(memory.progress().get(0).getNewSince()).as("a version is due").contains(NOW);
  }

  @Test
  void shouldCountAFlushByItsPositionsWithoutTheSlotsThatWereTakenAway() {
    started("code", "math");
    control(SyntheticFit.experts(SyntheticFit.ROUTER, 2, "math"));
    FlushManifest late = manifest(0, 0, 10, "code", "math");

    List<Decision.ToPartition> orders = only(Decision.ToPartition.class, submit(late));

    assertThat(orders)
        .hasSize(PARTITIONS)
        .allSatisfy(
            o -> {
              assertThat(o.order().getTakenAway())
                  .containsExactly(late.getSlots().get(0).getSlot());
              assertThat(o.order().getSlots()).containsExactly(late.getSlots().get(1));
              assertThat(o.order().getTiles()).allMatch(t -> t.getSlot() == 0);
              assertThat(o.order().getDiagonals()).allMatch(d -> d.getSlot() == 0);
            });
    assertThat(orders.stream().mapToInt(o -> o.order().getTiles().size()).sum())
        .isEqualTo(late.getTiles().size() / 2);
    Cut cut = cuts(control(request("r", null, new PartitionOffset(0, 10L)))).get(0);
    assertThat(cut.getSlots()).extracting(CutSlot::getDomain).containsExactly("math");
    assertThat(cut.getExpertsVersion()).isEqualTo(2);
  }

  @Test
  void shouldCountAFlushOfNothingButWhatWasTakenAway() {
    started("code", "math");
    control(SyntheticFit.experts(SyntheticFit.ROUTER, 2, "math"));

    List<Decision> decisions = submit(manifest(0, 0, 10, "code"));

    assertThat(only(Decision.ToPartition.class, decisions))
        .hasSize(PARTITIONS)
        .allSatisfy(o -> assertThat(o.order().getTiles()).isEmpty());
    assertThat(refusals(submit(manifest(0, 10, 20, "math")))).isEmpty();
  }

  @Test
  void shouldStartADomainThatComesBackFromNothing() {
    started("code", "math");
    submit(manifest(0, 0, 10, "code", "math"));
    control(SyntheticFit.experts(SyntheticFit.ROUTER, 2, "code"));
    control(SyntheticFit.experts(SyntheticFit.ROUTER, 3, "code", "math"));
    FlushManifest back =
        SyntheticFlush.of(fit, random)
            .range(0, 10, 20)
            .records(SyntheticFit.membership("math", 3), 2)
            .records("math", 1)
            .build()
            .manifest();

    List<Decision> decisions = submit(back);

    assertThat(only(Decision.ToPartition.class, decisions).get(0).order().getTakenAway())
        .containsExactly(SyntheticFit.membership("math", 1).slot(false));
    Cut cut = cuts(control(request("r", null))).get(0);
    assertThat(cut.getSlots())
        .extracting(CutSlot::getSlot)
        .containsExactly(
            SyntheticFit.membership("code", 1).slot(false),
            SyntheticFit.membership("math", 3).slot(false));
    assertThat(cut.getSlots().get(1).getTokens()).isEqualTo(back.getSlots().get(0).getTokens());
  }

  @Test
  void shouldLowerTheBoundOfTheSumsWithWhatIsTakenAway() {
    started("code", "math");
    FlushManifest large = manifest(0, 0, 10, "math");
    large
        .getDiagonals()
        .replaceAll(d -> new LargestDiagonal(d.getLayer(), d.getSlot(), FixedPoint.LIMIT - 1));
    submit(large);
    control(SyntheticFit.experts(SyntheticFit.ROUTER, 2, "code"));

    List<Decision> decisions = submit(manifest(0, 10, 20, "code"));

    assertThat(refusals(decisions)).isEmpty();
  }

  @Test
  void shouldNotStopAFitForAnOverflowOfWhatWasTakenAway() {
    started("code", "math");
    control(SyntheticFit.experts(SyntheticFit.ROUTER, 2, "code"));
    FlushManifest huge = manifest(0, 0, 10, "math");
    huge.getDiagonals()
        .replaceAll(d -> new LargestDiagonal(d.getLayer(), d.getSlot(), FixedPoint.LIMIT));

    List<Decision> decisions = submit(huge);

    assertThat(refusals(decisions)).isEmpty();
    assertThat(only(Decision.ToPartition.class, decisions)).hasSize(PARTITIONS);
  }

  @Test
  void shouldSayWhatIsHeldOutAndWhatWasNotCounted() {
    started("code", "math");
    Duplicate duplicate = new Duplicate(1L, new Id(new byte[16]));
    submit(
        SyntheticFlush.of(fit, random)
            .range(
                new CoveredRange(
                    0, 0L, 10L, List.of(new SetAside(0L, "x")), List.of(duplicate), 4L))
            .records("code", 1)
            .heldOut("math", 2)
            .build()
            .manifest());
    submit(
        SyntheticFlush.of(fit, random)
            .range(new CoveredRange(1, 0L, 5L, List.of(), List.of(duplicate), 1L))
            .build()
            .manifest());

    Cut cut = cuts(control(request("r", null))).get(0);

    assertThat(cut.getHeldOut())
        .extracting(CutSlot::getDomain, CutSlot::getExpert, CutSlot::getRecords)
        .containsExactly(tuple("math", 1, 2L));
    assertThat(cut.getSlots()).extracting(CutSlot::getDomain).containsExactly("code");
    assertThat(List.of(cut.getSetAside(), cut.getDuplicates(), cut.getLeftOut()))
        .containsExactly(1L, 2L, 5L);
  }

  @Test
  void shouldWaitForTheListThatNamesAFlushsDomain() {
    started("code");
    FlushManifest early =
        SyntheticFlush.of(fit, random)
            .range(0, 0, 10)
            .records(SyntheticFit.membership("math", 2), 2)
            .build()
            .manifest();
    FlushManifest behind = manifest(0, 10, 20, "code");
    assertThat(submit(early)).isEmpty();
    assertThat(submit(behind)).isEmpty();

    List<Decision> decisions =
        control(SyntheticFit.experts(SyntheticFit.ROUTER, 2, "code", "math"));

    assertThat(only(Decision.ToPartition.class, decisions))
        .extracting(o -> o.order().getFlush())
        .containsOnly(early.getFlush(), behind.getFlush());
  }

  @Test
  void shouldWaitForTheListByWhichTheRecordsWereJudged() {
    started("code", "math");
    // Its slot is known, but it may count what the next list takes out of another.
    FlushManifest early =
        FlushManifest.newBuilder(manifest(0, 0, 10, "code")).setExpertsVersion(2).build();
    assertThat(submit(early)).isEmpty();

    List<Decision> decisions = control(SyntheticFit.experts(SyntheticFit.ROUTER, 2, "code"));

    assertThat(only(Decision.ToPartition.class, decisions))
        .extracting(o -> o.order().getFlush())
        .containsOnly(early.getFlush());
  }

  @Test
  void shouldRefuseAFlushThroughMlpsThatNoExpertHasWhenItsPatienceEnds() {
    control(SyntheticFit.created(SyntheticFit.ROUTER, fit));
    control(
        new ExpertsChanged(
            SyntheticFit.ROUTER,
            1,
            List.of(new Expert("code", "other MLPs")),
            List.of(new DomainExpert("code", "code")),
            null,
            List.of()));
    assertThat(submit(manifest(0, 0, 10, "code"))).isEmpty();

    assertThat(refusals(sequencer.tick(NOW.plusSeconds(29)))).isEmpty();
    List<Decision> late = sequencer.tick(NOW.plusSeconds(30));

    assertThat(refusals(late)).containsExactly("unknown-domain");
  }

  @Test
  void shouldLetRequestsOfOnePenaltyShareACutAndGiveOthersTheirOwn() {
    started("code");
    PartitionOffset ten = new PartitionOffset(0, 10L);
    control(request("a", null, ten));
    control(request("b", 0.5, ten));
    control(request("c", null, ten));

    List<Cut> cuts = cuts(submit(manifest(0, 0, 10, "code")));

    assertThat(cuts).extracting(Cut::getCut).containsExactly(1L, 2L);
    assertThat(cuts).extracting(Cut::getRequests).containsExactly(List.of("a", "c"), List.of("b"));
    assertThat(cuts.get(1).getLambda()).contains(0.5);
  }

  @Test
  void shouldGiveRequestsForAChosenPenaltyACutOfTheirOwn() {
    started("code");
    PartitionOffset ten = new PartitionOffset(0, 10L);
    control(request("own", null, ten));
    control(new CutRequested(SyntheticFit.ROUTER, "auto", List.of(ten), null, true));

    List<Cut> cuts = cuts(submit(manifest(0, 0, 10, "code")));

    assertThat(cuts)
        .extracting(Cut::getRequests, Cut::getAutoLambda)
        .containsExactly(tuple(List.of("own"), false), tuple(List.of("auto"), true));
  }

  @Test
  void shouldAnswerARequestOnce() {
    started("code");
    assertThat(cuts(control(request("a", null)))).hasSize(1);

    List<Decision> again = control(request("a", null));

    assertThat(again).isEmpty();
    assertThat(sequencer.tick(NOW.plus(Duration.ofDays(1)))).isEmpty();
  }

  @Test
  void shouldSpreadRequestsOverCutsRatherThanMakeOneThatNoTopicTakes() {
    started("code");
    for (int i = 0; i < 1500; i++) {
      control(request("r" + i, null, new PartitionOffset(0, 10L)));
    }

    List<Decision> decisions = new ArrayList<>(submit(manifest(0, 0, 10, "code")));
    decisions.addAll(sequencer.tick(NOW.plusSeconds(1)));

    assertThat(cuts(decisions)).extracting(c -> c.getRequests().size()).containsExactly(1000, 500);
  }

  @Test
  void shouldStopAFitWhoseTilesNoMessageTakes() {
    Fit other = SyntheticFit.of("other", 1, 4095, 4096, 3, PARTITIONS);

    List<Decision> decisions = control(SyntheticFit.created("other", other));

    assertThat(only(Decision.FitStopped.class, decisions))
        .singleElement()
        .satisfies(s -> assertThat(s.failure().getReason()).contains("smaller tiles"));
  }

  @Test
  void shouldRefuseARequestForAPartitionThatTheFitDoesNotHave() {
    started("code");

    List<Decision> decisions = control(request("a", null, new PartitionOffset(7, 1L)));

    assertThat(only(Decision.RequestRefused.class, decisions)).hasSize(1);
    assertThat(cuts(decisions)).isEmpty();
  }

  @Test
  void shouldTellWhoeverWaitsForACutOfAFitThatIsStopped() {
    started("code");
    control(request("a", null, new PartitionOffset(0, 100L)));

    List<Decision> decisions = submit(manifest(0, 5, 10, "code"));

    assertThat(refusals(decisions)).containsExactly("gap");
    assertThat(cuts(decisions)).extracting(Cut::getRequests).containsExactly(List.of("a"));
  }

  @Test
  void shouldStopAFitThatWasMadeForOtherTopics() {
    Fit other = SyntheticFit.of("other", 5, 9, 4, 3, PARTITIONS + 1);

    List<Decision> decisions = control(SyntheticFit.created("other", other));

    assertThat(only(Decision.FitStopped.class, decisions))
        .singleElement()
        .satisfies(
            s -> assertThat(s.failure().getReason()).contains("5 partitions", "there are 4"));
  }

  @Test
  void shouldRefuseToGoOnWithAnotherNumberOfPartitions() {
    started("code");
    submit(manifest(0, 0, 10, "code"));

    assertThatIllegalStateException()
        .isThrownBy(
            () -> new Sequencer(SequencerConfig.of(PARTITIONS + 1, CutPolicy.ON_DEMAND), memory))
        .withMessageContaining("never changes");
  }

  @Test
  void shouldDecideTheSameWhereverItIsRestarted() {
    CutPolicy policy = new CutPolicy(40, Duration.ofSeconds(10));
    MapMemory undisturbedMemory = new MapMemory();
    Sequencer undisturbed = sequencer(policy, undisturbedMemory);
    sequencer = sequencer(policy, memory);
    List<Long> next = new ArrayList<>(List.of(0L, 0L, 0L));
    Instant now = NOW;
    int version = 1;
    for (int step = 0; step < 300; step++) {
      List<Decision> expected;
      List<Decision> actual;
      sequencer = random.nextInt(3) == 0 ? sequencer(policy, memory) : sequencer;
      now = now.plusMillis(random.nextInt(4000));
      int choice = random.nextInt(20);
      if (step == 10 || step == 20 || choice <= 1) {
        boolean change = step > 20 && choice == 1;
        version += change ? 1 : 0;
        SpecificRecord record =
            change
                ? SyntheticFit.experts(
                    SyntheticFit.ROUTER, version, version % 2 == 0 ? "code" : "math")
                : step == 10
                    ? SyntheticFit.created(SyntheticFit.ROUTER, fit)
                    : step == 20
                        ? SyntheticFit.experts(SyntheticFit.ROUTER, 1, "code", "math")
                        : request("r" + step, null, new PartitionOffset(1, next.get(1) + 1));
        expected = undisturbed.control(step, record, now);
        actual = sequencer.control(step, record, now);
      } else if (choice < 14) {
        int partition = random.nextInt(3);
        long from = next.get(partition);
        boolean again = random.nextInt(10) == 0;
        long to = from + 4;
        FlushManifest manifest =
            manifest(partition, again ? Math.max(0, from - 4) : from, to, "code", "math");
        if (!again) {
          next.set(partition, to);
        }
        expected = undisturbed.manifest(submission(manifest, now), now);
        actual = sequencer.manifest(submission(manifest, now), now);
      } else {
        expected = undisturbed.tick(now);
        actual = sequencer.tick(now);
      }
      assertThat(actual).as("step %d, seed %d", step, seed).isEqualTo(expected);
    }
    assertThat(memory.progress()).as("seed %d", seed).isEqualTo(undisturbedMemory.progress());
  }
}
