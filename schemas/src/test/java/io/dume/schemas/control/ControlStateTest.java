package io.dume.schemas.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.ExtractionProfile;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.message.FitFailed;
import io.dume.schemas.message.FitPromoted;
import io.dume.schemas.message.FitRemoved;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.LayerComplete;
import io.dume.schemas.message.MixedIn;
import io.dume.schemas.message.Policy;
import io.dume.schemas.message.PolicyChosen;
import io.dume.schemas.message.SolveProfileFixed;
import io.dume.schemas.wire.Ids;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

class ControlStateTest {
  private final ControlState state = new ControlState();

  private static Fit fit(String label) {
    Fit fit =
        new Fit(
            new Id(new byte[16]),
            "b",
            "mlp-input",
            64,
            20,
            256,
            new ExtractionProfile("cpu", "avx2", "libtorch 2.5.1", "float64"),
            label,
            4,
            128,
            2048,
            512,
            4096,
            "t",
            4,
            List.of());
    return Fit.newBuilder(fit).setId(Ids.ofFit(fit)).build();
  }

  private static FitCreated created(String router, String label) {
    return new FitCreated(router, fit(label), Instant.EPOCH, false);
  }

  private static ExpertsChanged experts(int version, String... names) {
    return new ExpertsChanged(
        "demo",
        version,
        Stream.of(names).map(name -> new Expert(name, "mlp-" + name)).toList(),
        Stream.of(names).distinct().map(name -> new DomainExpert(name, name)).toList(),
        null,
        List.of());
  }

  @Test
  void shouldKeepTheFirstFitOfARouter() {
    assertThat(state.apply(created("demo", "one"))).isTrue();
    assertThat(state.apply(created("demo", "two"))).isFalse();

    assertThat(state.fit("demo")).contains(fit("one"));
    assertThat(state.router(fit("one").getId())).contains("demo");
    assertThat(state.router(fit("two").getId())).isEmpty();
  }

  @Test
  void shouldNotGiveOneFitToTwoRouters() {
    state.apply(created("demo", "one"));

    assertThat(state.apply(created("other", "one"))).isFalse();
    assertThat(state.fit("other")).isEmpty();
  }

  @Test
  void shouldTakeListsOfExpertsInTheOrderOfTheirVersionsOnly() {
    state.apply(created("demo", "one"));
    assertThat(state.apply(experts(2, "code"))).isFalse();
    assertThat(state.apply(experts(1, "code"))).isTrue();
    assertThat(state.apply(experts(1, "math"))).isFalse();
    assertThat(state.apply(experts(3, "code", "math"))).isFalse();
    assertThat(state.apply(experts(2, "code", "math"))).isTrue();

    assertThat(state.experts("demo")).contains(experts(2, "code", "math"));
    assertThat(state.experts("other")).isEmpty();
  }

  @Test
  void shouldRefuseListsOfExpertsThatContradictThemselves() {
    state.apply(created("demo", "one"));
    List<Expert> code = List.of(new Expert("code", "m"));
    DomainExpert domain = new DomainExpert("code", "code");

    assertThat(state.apply(new ExpertsChanged("demo", 1, List.of(), List.of(), null, List.of())))
        .isFalse();
    assertThat(state.apply(experts(1, "code", "code"))).isFalse();
    assertThat(
            state.apply(
                new ExpertsChanged("demo", 1, code, List.of(domain, domain), null, List.of())))
        .isFalse();
    assertThat(
            state.apply(
                new ExpertsChanged(
                    "demo",
                    1,
                    code,
                    List.of(new DomainExpert("novel", "nobody")),
                    null,
                    List.of())))
        .isFalse();
    assertThat(state.experts("demo")).isEmpty();
  }

  @Test
  void shouldRefuseListsOfExpertsThatAreTooLong() {
    state.apply(created("demo", "one"));
    String[] names = IntStream.range(0, 1025).mapToObj(i -> "e" + i).toArray(String[]::new);
    List<Expert> one = List.of(new Expert("e", "m"));
    List<DomainExpert> domains =
        IntStream.range(0, 65_537).mapToObj(i -> new DomainExpert("d" + i, "e")).toList();

    assertThat(state.apply(experts(1, names))).isFalse();
    assertThat(state.apply(new ExpertsChanged("demo", 1, one, domains, null, List.of()))).isFalse();
    assertThat(state.apply(experts(1, Arrays.copyOf(names, 1024)))).isTrue();
    assertThat(
            state.apply(
                new ExpertsChanged("demo", 2, one, domains.subList(0, 65_536), null, List.of())))
        .isTrue();
  }

  @Test
  void shouldRefuseASolveProfileThatNoSolverHas() {
    Id fit = Ids.random();

    assertThat(state.apply(new SolveProfileFixed(fit, "cholesky-by-hand", "portable"))).isFalse();
    assertThat(state.apply(new SolveProfileFixed(fit, "openblas", "HASWELL"))).isTrue();

    assertThat(state.solveProfile(fit)).contains(new SolveProfileFixed(fit, "openblas", "HASWELL"));
  }

  @Test
  void shouldRefuseARequestWithAnEndlessId() {
    assertThat(state.apply(new CutRequested("demo", "r".repeat(257), List.of(), null, false)))
        .isFalse();
    assertThat(state.apply(new CutRequested("demo", "r".repeat(256), List.of(), null, false)))
        .isTrue();
  }

  @Test
  void shouldKeepTheLastPolicyOfARouterThatIsThere() {
    PolicyChosen first = policy("demo", new Policy(1, 1.0, 0.8, 0.0, 0.0));
    PolicyChosen second = policy("demo", new Policy(2, 0.5, 0.0, 0.3, 1.0));

    assertThat(state.apply(first)).isFalse();
    state.apply(created("demo", "a"));
    assertThat(state.apply(first)).isTrue();
    assertThat(state.apply(first)).isFalse();
    assertThat(state.apply(second)).isTrue();

    assertThat(state.policy("demo")).contains(second);
    assertThat(state.policy("other")).isEmpty();
  }

  @Test
  void shouldRefuseAPolicyThatNoModelCouldFollow() {
    state.apply(created("demo", "a"));
    double nan = Double.NaN;
    double infinite = Double.POSITIVE_INFINITY;

    for (Policy impossible :
        List.of(
            new Policy(0, 1.0, 0.0, 0.0, 0.0),
            new Policy(1025, 1.0, 0.0, 0.0, 0.0),
            new Policy(1, 0.0, 0.0, 0.0, 0.0),
            new Policy(1, infinite, 0.0, 0.0, 0.0),
            new Policy(1, 1e-60, 0.0, 0.0, 0.0),
            new Policy(1, 1.0, 0.0, 1e300, 0.0),
            new Policy(1, 1.0, 1.0, 0.0, 0.0),
            new Policy(1, 1.0, -0.1, 0.0, 0.0),
            new Policy(1, 1.0, nan, 0.0, 0.0),
            new Policy(1, 1.0, 0.0, -1.0, 0.0),
            new Policy(1, 1.0, 0.0, 0.0, infinite))) {
      assertThat(state.apply(policy("demo", impossible))).as("%s", impossible).isFalse();
    }

    assertThat(state.policy("demo")).isEmpty();
  }

  private static PolicyChosen policy(String router, Policy policy) {
    return new PolicyChosen(router, policy, "by hand");
  }

  @Test
  void shouldKeepTheFirstSolveProfileAndTheFirstFailureOfAFit() {
    Id fit = Ids.random();

    assertThat(state.apply(new SolveProfileFixed(fit, "ejml", "portable"))).isTrue();
    assertThat(state.apply(new SolveProfileFixed(fit, "openblas", "HASWELL"))).isFalse();
    assertThat(state.apply(new FitFailed(fit, "gap"))).isTrue();
    assertThat(state.apply(new FitFailed(fit, "overflow"))).isFalse();

    assertThat(state.solveProfile(fit)).contains(new SolveProfileFixed(fit, "ejml", "portable"));
    assertThat(state.failure(fit)).contains("gap");
    assertThat(state.failure(Ids.random())).isEmpty();
  }

  @Test
  void shouldKeepRequestsInTheOrderInWhichTheyWereFirstMade() {
    state.apply(created("demo", "one"));
    CutRequested b = new CutRequested("demo", "b", List.of(), null, false);
    CutRequested a = new CutRequested("demo", "a", List.of(), 2.0, false);

    assertThat(state.apply(b)).isTrue();
    assertThat(state.apply(a)).isTrue();
    assertThat(state.apply(new CutRequested("demo", "b", List.of(), 9.0, false))).isFalse();

    assertThat(state.requests(fit("one").getId())).containsExactly(b, a);
  }

  @Test
  void shouldNotBeMovedByMessagesOfOtherTopics() {
    assertThat(state.apply(new LayerComplete(1L, Ids.random(), 0, 1, 0))).isFalse();
  }

  private static FitCreated candidate(String label) {
    return new FitCreated("demo", fit(label), Instant.EPOCH, true);
  }

  private static FitPromoted promoted(String label, String request) {
    return new FitPromoted("demo", fit(label).getId(), request, List.of());
  }

  private static ExpertsChanged expertsOf(String label, int version, String... names) {
    return ExpertsChanged.newBuilder(experts(version, names)).setFit(fit(label).getId()).build();
  }

  @Test
  void shouldServeACandidateOnlyOncePromotedAndRetireTheOneBefore() {
    state.apply(created("demo", "one"));
    state.apply(candidate("two"));
    state.apply(experts(1, "code"));
    state.apply(expertsOf("two", 1, "code", "math"));

    assertThat(state.fit("demo")).contains(fit("one"));
    assertThat(state.status(fit("two").getId())).contains(FitStatus.CANDIDATE);
    assertThat(state.requests(fit("two").getId())).isEmpty();
    assertThat(state.apply(promoted("two", "r"))).isTrue();

    assertThat(state.fit("demo")).contains(fit("two"));
    assertThat(state.experts("demo")).contains(expertsOf("two", 1, "code", "math"));
    assertThat(state.status(fit("one").getId())).contains(FitStatus.RETIRED);
    assertThat(state.requests(fit("two").getId()))
        .containsExactly(new CutRequested("demo", "r", List.of(), null, false));
    assertThat(state.apply(promoted("two", "again"))).as("it serves already").isFalse();
  }

  @Test
  void shouldNotPromoteAFitThatFailedOrIsAnotherRouters() {
    state.apply(created("demo", "one"));
    state.apply(candidate("two"));
    state.apply(created("other", "three"));
    state.apply(new FitFailed(fit("two").getId(), "gap"));

    assertThat(state.apply(promoted("two", "r"))).isFalse();
    assertThat(state.apply(promoted("three", "r"))).isFalse();
    assertThat(state.apply(promoted("nobody's", "r"))).isFalse();
  }

  @Test
  void shouldForgetAFitThatDoesNotServeForGood() {
    state.apply(created("demo", "one"));
    state.apply(candidate("two"));
    Id two = fit("two").getId();

    assertThat(state.apply(new FitRemoved("demo", fit("one").getId()))).isFalse();
    assertThat(state.apply(new FitRemoved("demo", two))).isTrue();

    assertThat(state.fits("demo")).containsExactly(fit("one"));
    assertThat(state.removed(two)).isTrue();
    assertThat(state.apply(candidate("two"))).as("its id is used up").isFalse();
    assertThat(state.apply(promoted("two", "r"))).isFalse();
  }

  @Test
  void shouldRedirectWhatWasAskedOfARouterToTheFitThatServes() {
    CutRequested request = new CutRequested("demo", "r", List.of(), null, false);
    state.apply(created("demo", "one"));
    state.apply(candidate("two"));
    state.apply(request);

    assertThat(state.requests(fit("one").getId())).containsExactly(request);
    state.apply(promoted("two", "p"));

    assertThat(state.requests(fit("one").getId())).isEmpty();
    assertThat(state.requests(fit("two").getId())).contains(request).hasSize(2);
  }

  @Test
  void shouldBeginANewMembershipWhenADomainComesBackOrItsExpertHasOtherMlps() {
    state.apply(created("demo", "one"));
    Id fit = fit("one").getId();
    state.apply(experts(1, "code", "math"));
    state.apply(experts(2, "code"));
    state.apply(experts(3, "math", "code"));
    ExpertsChanged other =
        ExpertsChanged.newBuilder(experts(4, "math", "code"))
            .setExperts(List.of(new Expert("math", "other"), new Expert("code", "mlp-code")))
            .build();

    assertThat(state.memberships(fit).values())
        .containsExactly(
            new Membership("math", "mlp-math", 3), new Membership("code", "mlp-code", 1));
    assertThat(state.apply(other)).isTrue();

    assertThat(state.memberships(fit).values())
        .containsExactly(new Membership("math", "other", 4), new Membership("code", "mlp-code", 1));
    assertThat(state.everyMembership(fit))
        .containsExactlyInAnyOrder(
            new Membership("code", "mlp-code", 1),
            new Membership("math", "mlp-math", 1),
            new Membership("math", "mlp-math", 3),
            new Membership("math", "other", 4));
  }

  @Test
  void shouldRefuseAListThatLeavesOutWhatItCounts() {
    state.apply(created("demo", "one"));
    ExpertsChanged right =
        ExpertsChanged.newBuilder(experts(1, "code")).setLeftOut(List.of("math")).build();
    ExpertsChanged list =
        ExpertsChanged.newBuilder(right).setLeftOut(List.of("math", "code")).build();

    assertThat(state.apply(list)).isFalse();
    assertThat(state.apply(right)).isTrue();

    assertThat(state.experts(fit("one").getId())).contains(right);
  }

  @Property(tries = 200)
  void shouldComeToTheSameStateForEveryReaderHoweverOftenRecordsAreRepeated(@ForAll long seed) {
    Random random = new Random(seed);
    List<SpecificRecord> log =
        new ArrayList<>(
            List.of(
                created("demo", "one"),
                created("demo", "two"),
                created("other", "one"),
                created("other", "two"),
                experts(1, "code"),
                experts(1, "math"),
                experts(2, "code", "math"),
                new SolveProfileFixed(fit("one").getId(), "ejml", "portable"),
                new SolveProfileFixed(fit("one").getId(), "openblas", "HASWELL"),
                new MixedIn(fit("two").getId(), "cuda"),
                new FitFailed(fit("one").getId(), "gap"),
                new FitFailed(fit("one").getId(), "overflow")));
    Collections.shuffle(log, random);
    ControlState once = new ControlState();
    ControlState repeated = new ControlState();

    for (SpecificRecord record : log) {
      boolean counted = once.apply(record);
      assertThat(repeated.apply(record)).isEqualTo(counted);
      if (!(record instanceof ExpertsChanged)) {
        assertThat(repeated.apply(record)).as("a second time").isFalse();
      }
    }

    for (String router : List.of("demo", "other")) {
      assertThat(repeated.fit(router)).isEqualTo(once.fit(router));
      assertThat(repeated.experts(router)).isEqualTo(once.experts(router));
    }
    Id fit = fit("one").getId();
    assertThat(repeated.router(fit)).isEqualTo(once.router(fit));
    assertThat(repeated.solveProfile(fit)).isEqualTo(once.solveProfile(fit));
    assertThat(repeated.failure(fit)).isEqualTo(once.failure(fit));
    assertThat(once.mixed(fit)).as("nobody joined the first fit so").isFalse();
    assertThat(once.mixed(fit("two").getId())).isTrue();
  }
}
