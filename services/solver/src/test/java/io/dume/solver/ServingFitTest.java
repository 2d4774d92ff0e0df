package io.dume.solver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.dume.schemas.control.ControlState;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.message.FitFailed;
import io.dume.schemas.message.FitPromoted;
import io.dume.schemas.message.FitRemoved;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ServingFitTest {
  private final Fit first = FoldedStatistics.fit("first");
  private final Fit second = FoldedStatistics.fit("second");
  private final Cut cut =
      new FoldedStatistics(first, 1, 4, 5, 6).cut("demo", 1, List.of(), Optional.empty());
  private final ControlState state = new ControlState();

  private void assertRefused(String reason) {
    assertThat(ServingFit.isOf(state, cut)).isFalse();
    assertThatExceptionOfType(UnsolvableException.class)
        .isThrownBy(() -> ServingFit.require(state, cut))
        .withMessageContaining(reason);
  }

  private void create(String router, Fit fit) {
    state.apply(new FitCreated(router, fit, Instant.EPOCH, true));
  }

  @Test
  void shouldGiveTheFitThatServes() throws UnsolvableException {
    create("demo", first);

    Fit serving = ServingFit.require(state, cut);

    assertThat(serving).isEqualTo(first);
    assertThat(ServingFit.isOf(state, cut)).isTrue();
  }

  @Test
  void shouldRefuseTheCutOfARouterWithoutAFit() {
    assertRefused("the router has no fit");
  }

  @Test
  void shouldRefuseTheCutOfACandidate() {
    create("demo", second);

    create("demo", first);

    assertRefused("the fit is a candidate");
  }

  @Test
  void shouldRefuseTheCutOfARetiredFit() {
    create("demo", first);
    create("demo", second);

    state.apply(new FitPromoted("demo", second.getId(), "ask", List.of()));

    assertRefused("the fit was retired");
  }

  @Test
  void shouldRefuseTheCutOfARemovedFit() {
    create("demo", first);
    create("demo", second);
    state.apply(new FitPromoted("demo", second.getId(), "ask", List.of()));

    state.apply(new FitRemoved("demo", first.getId()));

    assertRefused("the fit was removed");
  }

  @Test
  void shouldRefuseTheCutOfAnotherRoutersFit() {
    create("other", first);

    create("demo", second);

    assertRefused("of another fit than the router's");
  }

  @Test
  void shouldSayThatTheFitThatServesWasStopped() {
    create("demo", first);

    state.apply(new FitFailed(first.getId(), "a gap"));

    assertThat(ServingFit.isOf(state, cut)).isTrue();
    assertThatExceptionOfType(UnsolvableException.class)
        .isThrownBy(() -> ServingFit.require(state, cut))
        .withMessage("the fit was stopped: a gap");
  }
}
