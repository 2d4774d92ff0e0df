package io.dume.evaluator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.dume.models.RoutingPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PolicyChooserTest {

  private static final RoutingPolicy PAPER = RoutingPolicy.PAPER;
  private static final RoutingPolicy MEMORY = PAPER.withSmoothing(0.95);

  private final PolicyChooser chooser = new PolicyChooser(0.002);

  /** The policies that a search was asked to beat. */
  private final List<RoutingPolicy> asked = new ArrayList<>();

  private Optional<PolicySearch.Compared> next(
      long version, String gates, RoutingPolicy present, RoutingPolicy best, double gain) {
    return chooser.next(
        version,
        gates,
        present,
        policy -> {
          asked.add(policy);
          return new PolicySearch.Compared(
              new PolicySearch.Judged(policy, 3), new PolicySearch.Judged(best, 3 - gain));
        });
  }

  @Test
  void shouldChooseWhatPredictsBetterByTheMargin() {
    Optional<PolicySearch.Compared> change = next(1, "a", PAPER, MEMORY, 0.01);

    assertThat(change.orElseThrow().best().policy()).isEqualTo(MEMORY);
    assertThat(change.get().gain()).isCloseTo(0.01, org.assertj.core.data.Offset.offset(1e-12));
    assertThat(asked).containsExactly(PAPER);
  }

  @Test
  void shouldStayWithWhatThereIsForLessThanTheMargin() {
    assertThat(next(1, "a", PAPER, MEMORY, 0.0019)).isEmpty();
  }

  @Test
  void shouldStayWhereTheBestIsWhatThereIs() {
    assertThat(new PolicyChooser(0).next(1, "a", PAPER, same())).isEmpty();
  }

  private static java.util.function.Function<RoutingPolicy, PolicySearch.Compared> same() {
    return policy ->
        new PolicySearch.Compared(
            new PolicySearch.Judged(policy, 3), new PolicySearch.Judged(policy, 3));
  }

  @Test
  void shouldNotSearchTheSameGatesAgainWhateverPolicyTheyComeWith() {
    next(1, "a", PAPER, MEMORY, 0.01);

    assertThat(next(2, "a", MEMORY, PAPER, 0.01)).isEmpty();

    assertThat(asked).hasSize(1);
  }

  @Test
  void shouldEndWithTheVersionThatItsChoiceMadeEvenIfEachSearchFoundSomethingBetter() {
    // Given a feed that gives other gates to each version, the one that was asked for too
    for (int version = 1; version < 20; version += 2) {
      RoutingPolicy present = PAPER.withSmoothing(version / 100.0);
      RoutingPolicy better = PAPER.withSmoothing((version + 1) / 100.0);
      assertThat(next(version, "gates " + version, present, better, 0.1)).isPresent();
      chooser.answered(version + 1);

      // When the version comes that carries what was chosen, then nothing is chosen again
      assertThat(next(version + 1, "gates " + (version + 1), better, MEMORY, 0.1)).isEmpty();
    }
    assertThat(asked).hasSize(10);
  }

  @Test
  void shouldNotSearchVersionsThatAreOlderThanTheAnswer() {
    next(4, "a", PAPER, MEMORY, 0.01);
    chooser.answered(7);

    assertThat(next(5, "b", MEMORY, PAPER, 1)).isEmpty();
    assertThat(next(6, "c", MEMORY, PAPER, 1)).isEmpty();
    assertThat(next(8, "d", MEMORY, PAPER, 1)).isPresent();

    assertThat(asked).containsExactly(PAPER, MEMORY);
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.1, Double.NaN, Double.POSITIVE_INFINITY})
  void shouldRefuseAMarginThatIsNone(double margin) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new PolicyChooser(margin))
        .withMessageContaining("" + margin);
  }
}
