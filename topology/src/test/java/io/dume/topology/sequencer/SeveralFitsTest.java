package io.dume.topology.sequencer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.dume.schemas.message.Cut;
import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.DiscardFlush;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.ForgetFit;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.message.SequencerProgress;
import io.dume.schemas.message.TakeAway;
import io.dume.topology.synthetic.MapMemory;
import io.dume.topology.synthetic.SyntheticFit;
import io.dume.topology.synthetic.SyntheticFlush;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

/** A router that moves from one fit to another. */
class SeveralFitsTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final int PARTITIONS = 2;
  private static final String ROUTER = SyntheticFit.ROUTER;

  private final Random random = new Random(Long.getLong("dume.seed", 7));
  private final Fit serving = SyntheticFit.of("", 2, 5, 4, 2, PARTITIONS);
  private final Fit replay = SyntheticFit.of("replay", 2, 5, 4, 2, PARTITIONS);
  private final MapMemory memory = new MapMemory();
  private Sequencer sequencer = restarted(new CutPolicy(1, Duration.ofSeconds(10)));
  private long controlOffset;

  private Sequencer restarted(CutPolicy policy) {
    return new Sequencer(SequencerConfig.of(PARTITIONS, policy), memory);
  }

  private List<Decision> control(SpecificRecord record) {
    return sequencer.control(controlOffset++, record, NOW);
  }

  private void givenBothFits() {
    control(SyntheticFit.created(ROUTER, serving));
    control(SyntheticFit.experts(ROUTER, serving, 1, "code", "math"));
    control(SyntheticFit.candidate(ROUTER, replay));
    control(SyntheticFit.experts(ROUTER, replay, 1, "code", "math"));
  }

  private FlushManifest manifest(Fit fit, int partition, long from, long to) {
    return SyntheticFlush.of(fit, random)
        .range(partition, from, to)
        .records("code", 1)
        .records("math", 1)
        .build()
        .manifest();
  }

  private List<Decision> submit(FlushManifest manifest) {
    DeadLetter letter =
        new DeadLetter("", "", "sequencer", "m", 0, 0L, NOW, null, null, List.of(), NOW);
    return sequencer.manifest(new Submission(manifest, letter), NOW);
  }

  private List<Decision> submit(Fit fit, int partition, long from, long to) {
    return submit(manifest(fit, partition, from, to));
  }

  private static CutRequested request(String id, PartitionOffset... upTo) {
    return new CutRequested(ROUTER, id, List.of(upTo), null, false);
  }

  private static List<Cut> cuts(List<Decision> decisions) {
    return decisions.stream()
        .filter(Decision.CutMade.class::isInstance)
        .map(d -> ((Decision.CutMade) d).cut())
        .toList();
  }

  private static List<String> refusals(List<Decision> decisions) {
    return decisions.stream()
        .filter(Decision.Refused.class::isInstance)
        .map(d -> ((Decision.Refused) d).letter().getReason())
        .toList();
  }

  private static List<SpecificRecord> toAll(List<Decision> decisions) {
    return decisions.stream()
        .filter(Decision.ToAll.class::isInstance)
        .map(d -> ((Decision.ToAll) d).order())
        .toList();
  }

  @Test
  void shouldSequenceACandidateInSilence() {
    givenBothFits();
    List<Decision> counted = submit(replay, 0, 0, 10);

    List<Decision> later = sequencer.tick(NOW.plusSeconds(60));

    assertThat(counted)
        .hasSize(PARTITIONS)
        .allSatisfy(d -> assertThat(d).isInstanceOf(Decision.ToPartition.class));
    assertThat(later).isEmpty();
    assertThat(cuts(submit(serving, 0, 0, 10)))
        .singleElement()
        .satisfies(cut -> assertThat(cut.getFit()).isEqualTo(serving.getId()));
  }

  @Test
  void shouldMoveTheRouterOverInOneCutAtOnce() {
    givenBothFits();
    submit(serving, 0, 0, 10);
    submit(replay, 0, 0, 10);

    List<Cut> cuts =
        cuts(control(SyntheticFit.promoted(ROUTER, replay, "p", new PartitionOffset(0, 10L))));

    assertThat(cuts)
        .extracting(Cut::getFit, Cut::getReason, Cut::getRequests, Cut::getCut)
        .containsExactly(tuple(replay.getId(), "promotion", List.of("p"), 1L));
  }

  @Test
  void shouldWaitWithThePromotedFitsCutsUntilItIsAsFarAsItsPromotionWants() {
    givenBothFits();
    submit(serving, 0, 0, 10);
    assertThat(cuts(control(promotionUpTo(10)))).isEmpty();
    assertThat(cuts(submit(replay, 0, 0, 5))).as("new tokens alone are not enough").isEmpty();
    sequencer = restarted(new CutPolicy(1, Duration.ofSeconds(10)));

    List<Cut> cuts = cuts(submit(replay, 0, 5, 10));

    assertThat(cuts).extracting(Cut::getReason).containsExactly("promotion");
    assertThat(cuts(submit(replay, 0, 10, 15)))
        .extracting(Cut::getReason)
        .containsExactly("tokens");
  }

  private SpecificRecord promotionUpTo(long offset) {
    return SyntheticFit.promoted(ROUTER, replay, "p", new PartitionOffset(0, offset));
  }

  @Test
  void shouldAnswerAPromotionThatNamesWhatNeverComesWithALaterRequest() {
    givenBothFits();
    submit(replay, 0, 0, 10);
    control(promotionUpTo(1_000));

    List<Cut> cuts = cuts(control(request("later", new PartitionOffset(0, 10L))));

    assertThat(cuts).extracting(Cut::getRequests).containsExactly(List.of("later", "p"));
    assertThat(cuts(submit(replay, 0, 10, 15)))
        .extracting(Cut::getReason)
        .containsExactly("tokens");
  }

  @Test
  void shouldLetTheNewFitAnswerWhatTheOldOneLeftOpen() {
    givenBothFits();
    submit(serving, 0, 0, 10);
    control(request("open", new PartitionOffset(0, 20L)));
    submit(replay, 0, 0, 10);
    List<Cut> promotion = cuts(control(promotionUpTo(10)));

    List<Cut> old = cuts(submit(serving, 0, 10, 20));
    List<Cut> reached = cuts(submit(replay, 0, 10, 20));

    assertThat(promotion).extracting(Cut::getRequests).containsExactly(List.of("p"));
    assertThat(old).as("a retired fit gives no cut").isEmpty();
    assertThat(reached.get(0).getFit()).isEqualTo(replay.getId());
    assertThat(reached.get(0).getRequests()).containsExactly("open");
  }

  @Test
  void shouldGoOnCountingForARetiredFitSoThatItCanServeAgain() {
    givenBothFits();
    submit(serving, 0, 0, 10);
    submit(replay, 0, 0, 10);
    control(promotionUpTo(10));
    List<Decision> retired = submit(serving, 0, 10, 20);

    List<Cut> back =
        cuts(control(SyntheticFit.promoted(ROUTER, serving, "q", new PartitionOffset(0, 20L))));

    assertThat(refusals(retired)).isEmpty();
    assertThat(back)
        .extracting(Cut::getFit, Cut::getCut, Cut::getReason)
        .containsExactly(tuple(serving.getId(), 2L, "promotion"));
  }

  @Test
  void shouldAnswerAPromotionThatWasOvertakenWithACutOfTheFitThatServes() {
    givenBothFits();
    submit(serving, 0, 0, 10);
    control(promotionUpTo(10));

    List<Cut> cuts = cuts(control(SyntheticFit.promoted(ROUTER, serving, "q")));

    assertThat(cuts)
        .extracting(Cut::getFit, Cut::getReason, Cut::getRequests)
        .containsExactly(tuple(serving.getId(), "promotion", List.of("p", "q")));
  }

  @Test
  void shouldForgetAFitThatIsRemovedAndRefuseWhatComesOfIt() {
    givenBothFits();
    submit(replay, 0, 0, 10);

    List<Decision> removal = control(SyntheticFit.removed(ROUTER, replay));

    assertThat(toAll(removal)).containsExactly(new ForgetFit(replay.getId()));
    assertThat(memory.progress())
        .extracting(SequencerProgress::getFit)
        .doesNotContain(replay.getId());
    sequencer = restarted(CutPolicy.ON_DEMAND);
    FlushManifest late = manifest(replay, 0, 10, 20);
    List<Decision> decisions = submit(late);
    assertThat(refusals(decisions)).containsExactly("fit-removed");
    assertThat(toAll(decisions))
        .containsExactly(new DiscardFlush(replay.getId(), late.getFlush(), "fit-removed"));
    assertThat(refusals(submit(serving, 0, 0, 10))).isEmpty();
  }

  @Test
  void shouldRefuseManifestsThatWaitedWhenTheirFitIsRemoved() {
    givenBothFits();
    FlushManifest waits =
        SyntheticFlush.of(replay, random).range(0, 0, 10).records("law", 1).build().manifest();
    assertThat(submit(waits)).isEmpty();

    List<Decision> removal = control(SyntheticFit.removed(ROUTER, replay));

    assertThat(toAll(removal))
        .containsExactly(
            new ForgetFit(replay.getId()),
            new DiscardFlush(replay.getId(), waits.getFlush(), "fit-removed"));
    assertThat(memory.parked()).isEmpty();
  }

  @Test
  void shouldKeepTheFitThatServes() {
    givenBothFits();

    List<Decision> decisions = control(SyntheticFit.removed(ROUTER, serving));

    assertThat(decisions).isEmpty();
    assertThat(refusals(submit(serving, 0, 0, 10))).isEmpty();
  }

  @Test
  void shouldTakeADomainAwayFromTheFitOfTheListAlone() {
    givenBothFits();
    submit(serving, 0, 0, 10);
    submit(replay, 0, 0, 10);

    List<Decision> decisions = control(SyntheticFit.experts(ROUTER, replay, 2, "code"));

    assertThat(toAll(decisions))
        .singleElement()
        .isInstanceOfSatisfying(
            TakeAway.class, order -> assertThat(order.getFit()).isEqualTo(replay.getId()));
    Cut cut = cuts(control(request("r"))).get(0);
    assertThat(cut.getFit()).isEqualTo(serving.getId());
    assertThat(cut.getSlots()).hasSize(2);
  }
}
