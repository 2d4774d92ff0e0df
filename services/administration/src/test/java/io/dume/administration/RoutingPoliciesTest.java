package io.dume.administration;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.dume.schemas.control.ControlState;
import io.dume.schemas.message.ExtractionProfile;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.message.Policy;
import io.dume.schemas.message.PolicyChosen;
import io.dume.schemas.wire.Ids;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RoutingPoliciesTest {
  private static final PolicyChosen CHOSEN = chosen(0.9);

  private final ControlState state = new ControlState();

  private static PolicyChosen chosen(double smoothing) {
    return new PolicyChosen("demo", new Policy(1, 1.0, smoothing, 0.0, 0.0), "who");
  }

  @BeforeEach
  void createFit() {
    Fit fit =
        new Fit(
            Ids.random(),
            "backbone",
            "mlp-input",
            16,
            20,
            8,
            new ExtractionProfile("cpu", "avx2", "libtorch 2.5.1", "float64"),
            "",
            2,
            3,
            256,
            128,
            1024,
            "",
            2,
            List.of());
    state.apply(new FitCreated("demo", fit, Instant.EPOCH, false));
  }

  @Test
  void shouldSayThatTheLogDidNotTakeAPolicyAndWhatItHas() {
    assertThatExceptionOfType(AdministrationException.class)
        .isThrownBy(() -> RoutingPolicies.requireTaken(false, state, CHOSEN))
        .withMessageContaining("did not take the policy")
        .withMessageContaining("router demo, which has none now")
        .withMessageContaining("dume policy show");
  }

  @Test
  void shouldSayWhichOtherPolicyTheLogHas() {
    state.apply(chosen(0.5));

    assertThatExceptionOfType(AdministrationException.class)
        .isThrownBy(() -> RoutingPolicies.requireTaken(false, state, CHOSEN))
        .withMessageContaining("\"smoothing\": 0.5");
  }

  @Test
  void shouldTakeItThatSomebodyChoseTheSameMeanwhile() {
    state.apply(CHOSEN);

    assertThatCode(() -> RoutingPolicies.requireTaken(false, state, CHOSEN))
        .doesNotThrowAnyException();
  }

  @Test
  void shouldTakeItThatSomebodyChoseSomethingElseRightAfter() {
    state.apply(chosen(0.5));

    assertThatCode(() -> RoutingPolicies.requireTaken(true, state, CHOSEN))
        .doesNotThrowAnyException();
  }
}
