package io.dume.extractor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dume.extractor.Extraction.Step;
import io.dume.schemas.control.ControlState;
import io.dume.schemas.message.CoveredRange;
import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.Duplicate;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.message.FitPromoted;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.message.SlotCount;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.StatisticsKey;
import io.dume.schemas.wire.Wire;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

class ExtractionTest {
  private static final Instant NOW = Instant.EPOCH;
  private static final FlushPolicy NEVER =
      new FlushPolicy(Duration.ofDays(1), Long.MAX_VALUE, 1 << 20);
  private static final List<DomainExpert> NOVEL = List.of(new DomainExpert("novel", "novel"));

  private final Fit fit = Batches.fit();
  private final ControlState control = Batches.control(fit, Batches.experts());
  private final Extraction extraction = extraction(fit, new TokenFeatures());
  private final List<FlushOutput> sent = new ArrayList<>();

  private Extraction extraction(Fit of, ExtractionModel model) {
    Extraction made = new Extraction("w", of, NEVER, model, control, Ids::random);
    made.assign(Map.of(0, 0L, 1, 0L));
    return made;
  }

  /** In partition 0, where its key belongs. */
  private static TokenBatch batch(String document, String domain) {
    return Batches.in(0, 2, Batches.batch(document, domain, Batches.tokens(1, 2)));
  }

  private static ConsumerRecord<byte[], byte[]> at(long offset, TokenBatch batch) {
    return new ConsumerRecord<>(
        "token-batches", 0, offset, batch.getId().bytes(), Wire.encode(batch));
  }

  private FlushManifest flush() {
    sent.clear();
    extraction.flush(NOW, sent::add);
    return ((FlushOutput.Manifest) sent.get(sent.size() - 1)).manifest();
  }

  private FlushManifest commit() {
    FlushManifest manifest = flush();
    extraction.committed(NOW);
    return manifest;
  }

  private void change(int version, List<DomainExpert> domains) {
    boolean counted =
        control.apply(
            new ExpertsChanged(
                "default", version, TokenFeatures.EXPERTS, domains, null, List.of()));
    assertThat(counted).isTrue();
    extraction.controlChanged();
  }

  private static List<String> slots(FlushManifest manifest) {
    return manifest.getSlots().stream()
        .map((SlotCount s) -> s.getDomain() + " " + s.getSince() + " " + s.getRecords())
        .toList();
  }

  @Test
  void shouldCountARecordOnceThatComesTwiceInAFlush() {
    TokenBatch batch = batch("a", "math");
    extraction.take(at(0, batch), NOW);
    extraction.take(at(1, batch), NOW);

    FlushManifest manifest = flush();

    assertThat(slots(manifest)).containsExactly("math 1 1");
    assertThat(manifest.getRanges())
        .containsExactly(
            new CoveredRange(0, 0L, 2L, List.of(), List.of(new Duplicate(1L, batch.getId())), 0L));
    assertThat(sent.stream().filter(FlushOutput.Counted.class::isInstance)).hasSize(1);
  }

  @Test
  void shouldNameTheSlotOfEachCountedIdUnderItsFit() {
    TokenBatch batch = batch("a", "math");
    extraction.take(at(0, batch), NOW);

    FlushManifest manifest = flush();

    FlushOutput.Counted counted =
        sent.stream()
            .filter(FlushOutput.Counted.class::isInstance)
            .map(FlushOutput.Counted.class::cast)
            .findFirst()
            .orElseThrow();
    assertThat(counted.partition()).isZero();
    assertThat(counted.key()).isEqualTo(StatisticsKey.counted(fit.getId(), batch.getId()));
    assertThat(counted.value()).isEqualTo(manifest.getSlots().get(0).getSlot().bytes());
  }

  @Test
  void shouldKnowARecordOfACommittedFlushAgain() {
    TokenBatch batch = batch("a", "math");
    extraction.take(at(0, batch), NOW);
    commit();
    extraction.take(at(1, batch), NOW);

    FlushManifest manifest = flush();

    assertThat(manifest.getSlots()).isEmpty();
    assertThat(manifest.getRanges().get(0).getDuplicates()).hasSize(1);
  }

  @Test
  void shouldCountARecordAgainWhoseFlushWasAborted() {
    TokenBatch batch = batch("a", "math");
    extraction.take(at(0, batch), NOW);
    flush();
    extraction.aborted();
    extraction.assign(Map.of(0, 0L, 1, 0L));
    extraction.take(at(0, batch), NOW);

    FlushManifest manifest = flush();

    assertThat(slots(manifest)).containsExactly("math 1 1");
    assertThat(manifest.getRanges().get(0).getDuplicates()).isEmpty();
  }

  @Test
  void shouldKnowWhatAPredecessorCounted() {
    TokenBatch batch = batch("a", "math");
    extraction.restoreCounted(
        0,
        3,
        StatisticsKey.counted(fit.getId(), batch.getId()),
        Optional.of(control.memberships(fit.getId()).get("math").slot(false).bytes()));

    extraction.take(at(0, batch), NOW);

    assertThat(extraction.countedFrom(0)).isEqualTo(4);
    assertThat(flush().getRanges().get(0).getDuplicates()).hasSize(1);
  }

  @Test
  void shouldFlushBeforeANewListHolds() {
    extraction.take(at(0, batch("a", "math")), NOW);
    boolean before = extraction.flushDue(NOW);
    change(2, NOVEL);
    boolean due = extraction.flushDue(NOW);
    Step refused = extraction.take(at(1, batch("b", "math")), NOW);
    FlushManifest first = commit();
    Step taken = extraction.take(at(1, batch("b", "math")), NOW);

    FlushManifest second = commit();

    assertThat(List.of(before, due)).containsExactly(false, true);
    assertThat(refused).isEqualTo(Step.FLUSH_FIRST);
    assertThat(slots(first)).containsExactly("math 1 1");
    assertThat(taken).isEqualTo(Step.TAKEN);
    assertThat(second.getRanges().get(0).getSetAside())
        .extracting(s -> s.getOffset() + " " + s.getReason())
        .containsExactly("1 removed-domain");
  }

  @Test
  void shouldCountAgainInANewSlotWhatIsSentAgainAfterItsDomainCameBack() {
    TokenBatch batch = batch("a", "math");
    extraction.take(at(0, batch), NOW);
    FlushManifest before = commit();
    change(2, NOVEL);
    change(3, Batches.experts().getDomains());
    extraction.take(at(1, batch), NOW);
    extraction.take(at(2, batch), NOW);

    FlushManifest after = commit();

    assertThat(slots(after)).containsExactly("math 3 1");
    assertThat(after.getSlots().get(0).getSlot()).isNotEqualTo(before.getSlots().get(0).getSlot());
    assertThat(after.getRanges().get(0).getDuplicates())
        .extracting(Duplicate::getOffset)
        .containsExactly(2L);
  }

  @Test
  void shouldCountWhatTheFitLeavesOutAsNumbersAlone() {
    control.apply(
        ExpertsChanged.newBuilder(Batches.experts())
            .setVersion(2)
            .setLeftOut(List.of("poetry"))
            .build());
    extraction.take(at(0, batch("a", "poetry")), NOW);
    extraction.take(at(1, batch("b", "poetry")), NOW);

    FlushManifest manifest = flush();

    assertThat(manifest.getRanges())
        .containsExactly(new CoveredRange(0, 0L, 2L, List.of(), List.of(), 2L));
    assertThat(sent).hasSize(1);
  }

  @Test
  void shouldBeDueWhenAManifestCanListNoMoreDuplicates() {
    TokenBatch batch = batch("a", "math");
    for (int i = 0; i < Extraction.MAX_DUPLICATES; i++) {
      extraction.take(at(i, batch), NOW);
    }
    boolean before = extraction.flushDue(NOW);

    extraction.take(at(Extraction.MAX_DUPLICATES, batch), NOW);

    assertThat(before).isFalse();
    assertThat(extraction.flushDue(NOW)).isTrue();
  }

  @Test
  void shouldTakeNothingWhileAFlushIsOpen() {
    extraction.take(at(0, batch("a", "math")), NOW);
    flush();

    assertThatThrownBy(() -> extraction.take(at(1, batch("b", "math")), NOW))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("flush is open");
  }

  @Test
  void shouldRefuseOtherPartitionsBeforeWhatItTookIsFlushed() {
    extraction.take(at(0, batch("a", "math")), NOW);

    assertThatThrownBy(() -> extraction.assign(Map.of(1, 0L)))
        .isInstanceOf(IllegalStateException.class);
    assertThat(extraction.release()).isTrue();
    extraction.assign(Map.of(1, 0L));
    assertThat(extraction.processed()).containsOnlyKeys(1);
  }

  @Test
  void shouldFlushForThePromotionOfItsFit() {
    Fit replayed = Fit.newBuilder(fit).setLabel("replay").build();
    Fit candidate = Fit.newBuilder(replayed).setId(Ids.ofFit(replayed)).build();
    control.apply(new FitCreated("default", candidate, Instant.EPOCH, true));
    control.apply(ExpertsChanged.newBuilder(Batches.experts()).setFit(candidate.getId()).build());
    control.apply(new CutRequested("default", "other", List.of(), null, false));
    Extraction replay = extraction(candidate, new TokenFeatures());
    replay.take(at(0, batch("a", "math")), NOW);
    boolean forTheRouter = replay.flushDue(NOW);
    control.apply(
        new FitPromoted("default", candidate.getId(), "now", List.of(new PartitionOffset(0, 1L))));

    replay.controlChanged();

    assertThat(forTheRouter).isFalse();
    assertThat(replay.flushDue(NOW)).isTrue();
  }

  @Test
  void shouldLookAgainForAnExpertThatItsModelLacks() {
    AtomicBoolean there = new AtomicBoolean();
    Expert physics = new Expert("physics", "33".repeat(32));
    List<Expert> experts = new ArrayList<>(TokenFeatures.EXPERTS);
    experts.add(physics);
    TokenFeatures growing =
        new TokenFeatures(() -> there.compareAndSet(false, true) ? experts : List.of());
    Extraction grown = extraction(fit, growing);
    List<DomainExpert> domains = new ArrayList<>(Batches.experts().getDomains());
    domains.add(new DomainExpert("physics", "physics"));
    control.apply(new ExpertsChanged("default", 2, experts, domains, null, List.of()));

    grown.controlChanged();

    assertThat(there).isTrue();
    assertThat(grown.take(at(0, batch("a", "physics")), NOW)).isEqualTo(Step.TAKEN);
    assertThat(grown.snapshot().pendingTokens()).isEqualTo(2);
  }

  @Test
  void shouldGiveUpWhenItsModelLacksAnExpertAfterASecondLook() {
    List<Expert> experts = new ArrayList<>(TokenFeatures.EXPERTS);
    experts.add(new Expert("physics", "33".repeat(32)));
    control.apply(new ExpertsChanged("default", 2, experts, NOVEL, null, List.of()));

    assertThatThrownBy(extraction::controlChanged)
        .isInstanceOf(ExtractorException.class)
        .hasMessageContaining("expert physics of list 2");
  }

  @Test
  void shouldTellHowFarItIs() {
    extraction.take(at(0, batch("a", "math")), NOW);
    extraction.take(at(1, batch("a", "math")), NOW);
    commit();
    extraction.take(at(2, batch("b", "novel")), NOW);

    ExtractorSnapshot now = extraction.snapshot().withEnds(Map.of(0, 10L, 1, 0L));

    assertThat(now.positions().get(0).flushed()).isEqualTo(2);
    assertThat(now.positions().get(0).processed()).isEqualTo(3);
    assertThat(now.lag()).hasValue(8);
    assertThat(extraction.snapshot().lag()).isEmpty();
    assertThat(now.duplicates()).isEqualTo(1);
    assertThat(now.records()).isEqualTo(1);
    assertThat(ExtractorSnapshot.sum(List.of(now, now)).records()).isEqualTo(2);
  }
}
