package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.dume.extractor.ExtractionModel;
import io.dume.extractor.FitProposal;
import io.dume.models.FeatureSource;
import io.dume.schemas.control.ControlState;
import io.dume.schemas.control.Fits;
import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.ExtractionProfile;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.message.FitFailed;
import io.dume.schemas.message.FitPromoted;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.wire.Ids;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReplayPlanTest {
  private static final ExtractionProfile PROFILE =
      new ExtractionProfile("cpu", "avx2", "libtorch 2.5.1", "float64");

  private static final ReplayPlan.Asked ANY =
      new ReplayPlan.Asked(
          new Fits.Selection(List.of(), List.of(), List.of()), start -> true, fit -> true);

  private final ControlState state = new ControlState();

  @BeforeEach
  void serve() {
    state.apply(new FitCreated("demo", fit("", 64), Instant.EPOCH, false));
    list(1, "math", "math", "code", "code", "java", "code");
  }

  private static Fit fit(String label, int contextDim) {
    Fit fit =
        new Fit(
            new Id(new byte[16]),
            "b",
            "mlp-input",
            contextDim,
            20,
            256,
            PROFILE,
            label,
            1,
            4,
            9,
            64,
            64,
            "",
            1,
            List.of());
    return Fit.newBuilder(fit).setId(Ids.ofFit(fit)).build();
  }

  /** Domains with their experts, in pairs. */
  private void list(int version, String... pairs) {
    List<DomainExpert> domains =
        Stream.iterate(0, i -> i < pairs.length, i -> i + 2)
            .map(i -> new DomainExpert(pairs[i], pairs[i + 1]))
            .toList();
    List<Expert> experts =
        domains.stream()
            .map(DomainExpert::getExpert)
            .distinct()
            .map(ReplayPlanTest::expert)
            .toList();
    state.apply(
        new ExpertsChanged("demo", version, experts, domains, fit("", 64).getId(), List.of()));
  }

  private static Expert expert(String name) {
    return new Expert(name, "mlp-" + name);
  }

  private ReplayPlan plan(String... experts) {
    return new ReplayPlan(
        state,
        "demo",
        new ExtractionModel.Identity(
            FeatureSource.MLP_INPUT,
            "b2",
            1,
            4,
            9,
            64,
            "",
            Stream.of(experts).map(ReplayPlanTest::expert).toList(),
            PROFILE));
  }

  private static List<String> domains(Fits.Selection selection) {
    return selection.domains().stream().map(DomainExpert::getDomain).toList();
  }

  @Test
  void shouldCountWhatServesAndWhatIsNewInTheModel() {
    Fits.Selection selection = plan("law", "code", "math").select(List.of());

    assertThat(domains(selection)).containsExactly("math", "code", "java", "law");
    assertThat(selection.experts()).containsExactly(expert("law"), expert("code"), expert("math"));
    assertThat(selection.leftOut()).isEmpty();
  }

  @Test
  void shouldLeaveOutWhatWasRemovedUnlessItIsChosen() {
    list(2, "math", "math", "code", "code");
    list(3, "code", "code");

    assertThat(domains(plan("code", "math").select(List.of()))).containsExactly("code");
    assertThat(plan("code", "math").select(List.of()).leftOut()).containsExactly("java", "math");
    assertThat(domains(plan("code", "math").select(List.of("math")))).containsExactly("math");
  }

  @Test
  void shouldTakeTheExpertsOfChosenDomainsAlone() {
    Fits.Selection selection = plan("math", "code").select(List.of("java"));

    assertThat(selection.experts()).containsExactly(expert("code"));
    assertThat(selection.leftOut()).containsExactly("code", "math");
  }

  @Test
  void shouldNameTheExpertsThatThereAreWhereADomainHasNone() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> plan("math").select(List.of("poetry")))
        .withMessageContaining("poetry")
        .withMessageContaining("math");
  }

  @Test
  void shouldGoOnWithAReplayUnderWayAndElseTakeTheNextFreeLabel() {
    ReplayPlan plan = plan("math");
    state.apply(new FitCreated("demo", fit("replay-1", 32), Instant.EPOCH, true));

    assertThat(plan.choose(label -> fit(label, 32), Optional.empty(), ANY))
        .isEqualTo(fit("replay-1", 32));
    assertThat(plan.choose(label -> fit(label, 16), Optional.empty(), ANY))
        .as("the label is another fit's")
        .isEqualTo(fit("replay-2", 16));
    state.apply(new FitFailed(fit("replay-1", 32).getId(), "gap"));

    assertThat(plan.choose(label -> fit(label, 32), Optional.empty(), ANY))
        .as("it was stopped")
        .isEqualTo(fit("replay-2", 32));
  }

  @Test
  void shouldRefuseALabelWhoseReplayIsOver() {
    Fit over = fit("mine", 32);
    state.apply(new FitCreated("demo", over, Instant.EPOCH, true));
    state.apply(new FitPromoted("demo", over.getId(), "r", List.of()));

    assertThatIllegalArgumentException()
        .isThrownBy(() -> plan("math").choose(label -> fit(label, 32), Optional.of("mine"), ANY))
        .withMessageContaining("give another label");
  }

  @Test
  void shouldStillLeaveOutWhatTheFitThatServesPassesOver() {
    Fit serving = replay("replay-1", List.of("law"), "math", "code");
    state.apply(new FitPromoted("demo", serving.getId(), "r", List.of()));

    Fits.Selection selection = plan("math", "code", "law").select(List.of());

    assertThat(domains(selection)).containsExactly("math", "code");
    assertThat(selection.leftOut()).containsExactly("law");
  }

  private Fit replay(String label, List<String> leftOut, String... domains) {
    Fit replay = fit(label, 32);
    state.apply(new FitCreated("demo", replay, Instant.EPOCH, true));
    state.apply(
        new ExpertsChanged(
            "demo",
            1,
            Stream.of(domains).map(ReplayPlanTest::expert).toList(),
            Stream.of(domains).map(name -> new DomainExpert(name, name)).toList(),
            replay.getId(),
            leftOut));
    return replay;
  }

  private static ReplayPlan.Asked asked(Fits.Selection selection, boolean start, boolean answered) {
    return new ReplayPlan.Asked(selection, at -> start, fit -> answered);
  }

  @Test
  void shouldNotGoOnWithAReplayOfOtherDomainsOrFromAnotherPosition() {
    ReplayPlan plan = plan("math", "code");
    replay("replay-1", List.of("code"), "math");
    Fits.Selection math = plan.select(List.of("math"));

    assertThat(plan.choose(label -> fit(label, 32), Optional.empty(), asked(math, true, true)))
        .isEqualTo(fit("replay-1", 32));
    assertThat(plan.choose(label -> fit(label, 32), Optional.empty(), asked(math, false, true)))
        .isEqualTo(fit("replay-2", 32));
    assertThat(
            plan.choose(
                label -> fit(label, 32),
                Optional.empty(),
                asked(plan.select(List.of()), true, true)))
        .isEqualTo(fit("replay-2", 32));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                plan.choose(
                    label -> fit(label, 32),
                    Optional.of("replay-1"),
                    asked(plan.select(List.of()), true, true)))
        .withMessageContaining("counts math, not math, code");
  }

  @Test
  void shouldGoOnWithAReplayThatTookOverUntilThereIsItsVersion() {
    ReplayPlan plan = plan("math", "code");
    Fit replay = replay("replay-1", List.of(), "math", "code");
    state.apply(new FitPromoted("demo", replay.getId(), "r", List.of()));
    Fits.Selection all = plan.select(List.of());

    assertThat(plan.choose(label -> fit(label, 32), Optional.empty(), asked(all, true, false)))
        .isEqualTo(replay);
    assertThat(plan.choose(label -> fit(label, 32), Optional.empty(), asked(all, true, true)))
        .isEqualTo(fit("replay-2", 32));
  }

  @Test
  void shouldKnowWhereAReplayMayHaveBegun() {
    List<PartitionOffset> zero = List.of(new PartitionOffset(0, 0L), new PartitionOffset(1, 0L));
    List<PartitionOffset> later = List.of(new PartitionOffset(0, 7L), new PartitionOffset(1, 0L));
    Optional<FitProposal.Start> at = Optional.of(new FitProposal.Start.At(Map.of(0, 7L)));
    Optional<FitProposal.Start> earliest = Optional.of(new FitProposal.Start.Beginning());

    assertThat(ReplayPlan.mayBegin(zero, Optional.empty(), later)).isTrue();
    assertThat(ReplayPlan.mayBegin(later, Optional.empty(), zero)).isFalse();
    assertThat(ReplayPlan.mayBegin(zero, earliest, later)).isTrue();
    assertThat(ReplayPlan.mayBegin(later, earliest, zero)).isFalse();
    assertThat(ReplayPlan.mayBegin(later, at, zero)).isTrue();
    assertThat(ReplayPlan.mayBegin(zero, at, zero)).isFalse();
  }
}
