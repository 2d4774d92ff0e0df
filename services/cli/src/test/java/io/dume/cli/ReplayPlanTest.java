package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.dume.extractor.ExtractionModel;
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
import io.dume.schemas.wire.Ids;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReplayPlanTest {
  private static final ExtractionProfile PROFILE =
      new ExtractionProfile("cpu", "avx2", "libtorch 2.5.1", "float64");

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

    assertThat(plan.choose(label -> fit(label, 32), Optional.empty()))
        .isEqualTo(fit("replay-1", 32));
    assertThat(plan.choose(label -> fit(label, 16), Optional.empty()))
        .as("the label is another fit's")
        .isEqualTo(fit("replay-2", 16));
    state.apply(new FitFailed(fit("replay-1", 32).getId(), "gap"));

    assertThat(plan.choose(label -> fit(label, 32), Optional.empty()))
        .as("it was stopped")
        .isEqualTo(fit("replay-2", 32));
  }

  @Test
  void shouldRefuseALabelWhoseReplayIsOver() {
    Fit over = fit("mine", 32);
    state.apply(new FitCreated("demo", over, Instant.EPOCH, true));
    state.apply(new FitPromoted("demo", over.getId(), "r", List.of()));

    assertThatIllegalArgumentException()
        .isThrownBy(() -> plan("math").choose(label -> fit(label, 32), Optional.of("mine")))
        .withMessageContaining("give another label");
  }
}
