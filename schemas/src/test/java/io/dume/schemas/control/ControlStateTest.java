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
import io.dume.schemas.message.Id;
import io.dume.schemas.message.LayerComplete;
import io.dume.schemas.message.MixedIn;
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
    return new FitCreated(router, fit(label), Instant.EPOCH);
  }

  private static ExpertsChanged experts(int version, String... names) {
    return new ExpertsChanged(
        "demo",
        version,
        Stream.of(names).map(name -> new Expert(name, "mlp-" + name)).toList(),
        Stream.of(names).distinct().map(name -> new DomainExpert(name, name)).toList());
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
    List<Expert> code = List.of(new Expert("code", "m"));
    DomainExpert domain = new DomainExpert("code", "code");

    assertThat(state.apply(new ExpertsChanged("demo", 1, List.of(), List.of()))).isFalse();
    assertThat(state.apply(experts(1, "code", "code"))).isFalse();
    assertThat(state.apply(new ExpertsChanged("demo", 1, code, List.of(domain, domain)))).isFalse();
    assertThat(
            state.apply(
                new ExpertsChanged("demo", 1, code, List.of(new DomainExpert("novel", "nobody")))))
        .isFalse();
    assertThat(state.experts("demo")).isEmpty();
  }

  @Test
  void shouldRefuseListsOfExpertsThatAreTooLong() {
    String[] names = IntStream.range(0, 1025).mapToObj(i -> "e" + i).toArray(String[]::new);
    List<Expert> one = List.of(new Expert("e", "m"));
    List<DomainExpert> domains =
        IntStream.range(0, 65_537).mapToObj(i -> new DomainExpert("d" + i, "e")).toList();

    assertThat(state.apply(experts(1, names))).isFalse();
    assertThat(state.apply(new ExpertsChanged("demo", 1, one, domains))).isFalse();
    assertThat(state.apply(experts(1, Arrays.copyOf(names, 1024)))).isTrue();
    assertThat(state.apply(new ExpertsChanged("demo", 2, one, domains.subList(0, 65_536))))
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
    assertThat(state.apply(new CutRequested("demo", "r".repeat(257), List.of(), null))).isFalse();
    assertThat(state.apply(new CutRequested("demo", "r".repeat(256), List.of(), null))).isTrue();
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
    CutRequested b = new CutRequested("demo", "b", List.of(), null);
    CutRequested a = new CutRequested("demo", "a", List.of(), 2.0);

    assertThat(state.apply(b)).isTrue();
    assertThat(state.apply(a)).isTrue();
    assertThat(state.apply(new CutRequested("demo", "b", List.of(), 9.0))).isFalse();

    assertThat(state.requests().values()).containsExactly(b, a);
  }

  @Test
  void shouldNotBeMovedByMessagesOfOtherTopics() {
    assertThat(state.apply(new LayerComplete(1L, Ids.random(), 0, 1))).isFalse();
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
