package io.dume.solver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.dume.schemas.control.ControlState;
import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.DomainTokens;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.message.FitPromoted;
import io.dume.schemas.message.Policy;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.message.Training;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PublicationCheckTest {
  private static final String ROUTER = "demo";
  private static final Fit FIT = FoldedStatistics.fit("serving", 2, 3, 1);
  private static final List<Expert> EXPERTS = FoldedStatistics.experts();
  private static final Training TRAINING = new Training(8L, 1000, 1e-4, 0.0, 50_000L, 0L);
  private static final String SHA256 = "ab".repeat(32);
  private static final RouterVersion START =
      RouterVersion.newBuilder()
          .setRouter(ROUTER)
          .setVersion(8)
          .setFit(FIT)
          .setCut(5)
          .setRequests(List.of())
          .setReason("demand")
          .setSequence(1)
          .setExpertsVersion(2)
          .setExperts(EXPERTS)
          .setDomains(
              List.of(
                  new DomainTokens("novel", "novel", 7L, 1L),
                  new DomainTokens("politics", "novel", 5L, 1L),
                  new DomainTokens("code", "code", 9L, 1L)))
          .setHeldOut(List.of(new DomainTokens("sums", "math", 3L, 1L)))
          .setRanges(List.of())
          .setSetAside(0)
          .setLambda(0.01)
          .setFactorisation("ejml")
          .setCoreType("portable")
          .setMixed(false)
          .setLayers(List.of())
          .setCreatedAt(Instant.EPOCH)
          .setParts(1)
          .setWeightBytes(96)
          .setSha256(SHA256)
          .build();

  private final ControlState state = new ControlState();

  @BeforeEach
  void createFit() {
    state.apply(new FitCreated(ROUTER, FIT, Instant.EPOCH, false));
    list(FIT, 1, EXPERTS);
    list(FIT, 2, EXPERTS, "politics novel", "sums math");
  }

  /**
   * @param domains "domain expert", beside one of each expert's name
   */
  private void list(Fit fit, int version, List<Expert> experts, String... domains) {
    List<DomainExpert> listed = new ArrayList<>();
    experts.forEach((Expert e) -> listed.add(new DomainExpert(e.getName(), e.getName())));
    for (String domain : domains) {
      listed.add(new DomainExpert(domain.split(" ")[0], domain.split(" ")[1]));
    }
    assertThat(
            state.apply(
                new ExpertsChanged(ROUTER, version, experts, listed, fit.getId(), List.of())))
        .as("the list counts")
        .isTrue();
  }

  private static TrainedGates gates(
      String backbone, List<Expert> experts, int layers, float bias, Optional<Policy> policy) {
    return new TrainedGates(
        backbone,
        experts,
        Collections.nCopies(layers, new float[experts.size() * 3]),
        Collections.nCopies(layers, filled(experts.size(), bias)),
        TRAINING,
        SHA256,
        policy);
  }

  private static float[] filled(int length, float value) {
    float[] values = new float[length];
    Arrays.fill(values, value);
    return values;
  }

  private static TrainedGates gates() {
    return gates("backbone", EXPERTS, 2, 1, Optional.empty());
  }

  private void assertRefused(RouterVersion start, TrainedGates gates, String... expected) {
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> new PublicationCheck(start, gates).require(state))
        .satisfies(
            e ->
                assertThat(e.getMessage())
                    .startsWith("the gates can't be published as router demo: ")
                    .contains(expected));
  }

  @Test
  void shouldLetGatesPassThatAreForTheRouterAsItIs() {
    Optional<Policy> policy = Optional.of(new Policy(3, 0.3, 0.9, 0.0, 1.0));

    assertThatCode(
            () ->
                new PublicationCheck(START, gates("backbone", EXPERTS, 2, 1, policy))
                    .require(state))
        .doesNotThrowAnyException();
  }

  @Test
  void shouldRefuseAnotherShapeBackboneOrExpertThanThoseOfTheStart() {
    List<Expert> swapped = new ArrayList<>(EXPERTS);
    Collections.swap(swapped, 0, 1);
    List<Expert> changed = new ArrayList<>(EXPERTS);
    changed.set(2, new Expert("math", "other MLPs"));

    assertRefused(START, gates("backbone", EXPERTS, 3, 1, Optional.empty()), "another shape");
    assertRefused(
        START,
        gates("backbone", EXPERTS.subList(0, 2), 2, 1, Optional.empty()),
        "2 layers of 3 experts and width 3");
    assertRefused(
        START, gates("other", EXPERTS, 2, 1, Optional.empty()), "backbone other", "of backbone");
    assertRefused(START, gates("backbone", swapped, 2, 1, Optional.empty()), "[code (mlp-of-c)");
    assertRefused(START, gates("backbone", changed, 2, 1, Optional.empty()), "math (other ML)");
  }

  @Test
  void shouldRefuseAnInterceptWhereTheStartHasNone() {
    RouterVersion start = RouterVersion.newBuilder(START).setIntercept(false).build();

    assertRefused(start, gates(), "without an intercept", "train the weights alone");
    assertThatCode(
            () ->
                new PublicationCheck(start, gates("backbone", EXPERTS, 2, 0, Optional.empty()))
                    .require(state))
        .doesNotThrowAnyException();
  }

  @Test
  void shouldRefuseAPolicyThatTheRouterCannotFollow() {
    Policy policy = new Policy(4, 1.0, 0.0, 0.0, 0.0);

    assertRefused(
        START, gates("backbone", EXPERTS, 2, 1, Optional.of(policy)), "top-k of 4: give 1 to 3");
  }

  @Test
  void shouldRefuseGatesOfAFitThatServesNoMore() {
    Fit next = FoldedStatistics.fit("next", 2, 3, 1);
    state.apply(new FitCreated(ROUTER, next, Instant.EPOCH, true));
    list(next, 1, EXPERTS);
    state.apply(new FitPromoted(ROUTER, next.getId(), "ask", List.of()));

    assertRefused(START, gates(), "serves another fit now than that of version 8");
  }

  @Test
  void shouldRefuseGatesOfExpertsThatTheRouterNoLongerHas() {
    list(FIT, 3, EXPERTS.subList(0, 2));

    assertRefused(START, gates(), "the router has experts [novel", "`dume solve` asks");
  }

  @Test
  void shouldRefuseGatesOfAnExpertWhoseMlpsWereChanged() {
    List<Expert> changed = new ArrayList<>(EXPERTS);
    changed.set(0, new Expert("novel", "other MLPs"));
    list(FIT, 3, changed, "politics novel", "sums math");

    assertRefused(START, gates(), "the router has experts [novel (other ML)", "has [novel (mlp-of");
  }

  @Test
  void shouldRefuseGatesOfADomainThatWasTakenAway() {
    list(FIT, 3, EXPERTS, "sums math");

    assertRefused(START, gates(), "tokens of domains [politics]", "`dume solve` asks");
  }

  @Test
  void shouldRefuseGatesOfADomainWhoseHeldOutTokensWereTakenAway() {
    list(FIT, 3, EXPERTS, "politics novel");

    assertRefused(START, gates(), "tokens of domains [sums]");
  }

  @Test
  void shouldRefuseGatesOfADomainThatWasTakenAwayAndCameBack() {
    list(FIT, 3, EXPERTS, "sums math");
    list(FIT, 4, EXPERTS, "politics novel", "sums math");

    assertRefused(START, gates(), "tokens of domains [politics]", "even if they came back");
  }

  @Test
  void shouldRefuseGatesOfADomainThatAnotherExpertOfTheSameMlpsHasNow() {
    List<Expert> twins =
        List.of(new Expert("novel", "same"), new Expert("code", "same"), EXPERTS.get(2));
    list(FIT, 3, twins, "politics novel", "sums math");
    RouterVersion start =
        RouterVersion.newBuilder(START).setExperts(twins).setExpertsVersion(3).build();
    list(FIT, 4, twins, "politics code", "sums math");

    assertRefused(
        start, gates("backbone", twins, 2, 1, Optional.empty()), "tokens of domains [politics]");
  }

  @Test
  void shouldLetGatesPassWhereOtherDomainsCameAndWent() {
    list(FIT, 3, EXPERTS, "politics novel", "sums math", "poems novel");
    list(FIT, 4, EXPERTS, "politics novel", "sums math");
    list(FIT, 5, EXPERTS, "politics novel", "sums math", "plays novel");

    assertThatCode(() -> new PublicationCheck(START, gates()).require(state))
        .doesNotThrowAnyException();
  }

  @Test
  void shouldRefuseGatesTrainedFromAVersionOfTheSameNumberElsewhere() {
    RouterVersion start = RouterVersion.newBuilder(START).setSha256("cd".repeat(32)).build();

    assertRefused(start, gates(), "sha256 " + SHA256, "version 8 has cdcd", "`dume router export`");
  }

  @Test
  void shouldTellNoDifferenceOfCaseInADigest() {
    RouterVersion start =
        RouterVersion.newBuilder(START).setSha256(SHA256.toUpperCase(Locale.ROOT)).build();

    assertThatCode(() -> new PublicationCheck(start, gates()).require(state))
        .doesNotThrowAnyException();
  }

  @Test
  void shouldRefuseAnotherWidthAndBiasesOfAnotherNumberThanTheStartHas() {
    assertRefused(START, shaped(EXPERTS.size() * 4, EXPERTS.size()), "width 3", "another shape");
    assertRefused(START, shaped(EXPERTS.size() * 3, 2), "of 3 experts", "another shape");
  }

  private static TrainedGates shaped(int weights, int biases) {
    return new TrainedGates(
        "backbone",
        EXPERTS,
        Collections.nCopies(2, new float[weights]),
        Collections.nCopies(2, new float[biases]),
        TRAINING,
        SHA256,
        Optional.empty());
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1000, 1e-4, 0, 5, start of 0",
    "8, 0, 1e-4, 0, 5, steps of 0",
    "8, 1000, 0, 0, 5, learning rate of 0.0",
    "8, 1000, NaN, 0, 5, learning rate of NaN",
    "8, 1000, 1e-4, -1, 5, balance of -1.0",
    "8, 1000, 1e-4, 0, 0, tokens of 0",
  })
  void shouldRefuseATrainingThatCannotHaveBeen(
      long start, int steps, double rate, double balance, long tokens, String expected) {
    Training training = new Training(start, steps, rate, balance, tokens, 0L);

    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> trained(0, training))
        .withMessageContaining(expected);
  }

  @ParameterizedTest
  @CsvSource({"NaN", "Infinity"})
  void shouldRefuseAGateThatIsNotFinite(float value) {
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> trained(value, TRAINING))
        .withMessageContaining("layer 0: a gate holds " + value)
        .withMessageContaining("lower learning rate");
  }

  private static TrainedGates trained(float weight, Training training) {
    return new TrainedGates(
        "backbone",
        EXPERTS,
        List.of(filled(9, weight)),
        List.of(new float[3]),
        training,
        SHA256,
        Optional.empty());
  }
}
