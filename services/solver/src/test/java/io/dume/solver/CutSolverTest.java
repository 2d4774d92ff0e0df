package io.dume.solver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.dume.schemas.message.Cut;
import io.dume.schemas.message.Fit;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CutSolverTest {
  private static final LambdaChoice PAPER = LambdaChoice.fixed(0.01);

  private final Fit fit = FoldedStatistics.fit("");
  private final FoldedStatistics statistics =
      new FoldedStatistics(fit, 1, new long[] {4, 5, 6}, new long[] {0, 0, 3});

  private Cut cut(Optional<Double> lambda, boolean auto) {
    return Cut.newBuilder(statistics.cut("demo", 1, List.of("ask"), lambda))
        .setAutoLambda(auto)
        .build();
  }

  @Test
  void shouldTakeWhatTheCutAsksForBeforeWhatIsConfigured() throws UnsolvableException {
    assertThat(CutSolver.choice(cut(Optional.empty(), false), PAPER)).isEqualTo(PAPER);
    assertThat(CutSolver.choice(cut(Optional.of(3.0), false), LambdaChoice.AUTO).value())
        .contains(3.0);
    assertThat(CutSolver.choice(cut(Optional.empty(), true), PAPER)).isEqualTo(LambdaChoice.AUTO);
    assertThat(CutSolver.choice(cut(Optional.empty(), false), LambdaChoice.AUTO))
        .isEqualTo(LambdaChoice.AUTO);
  }

  @Test
  void shouldRefuseALambdaThatIsNone() {
    assertThatExceptionOfType(UnsolvableException.class)
        .isThrownBy(() -> CutSolver.choice(cut(Optional.of(-1.0), false), PAPER))
        .withMessageContaining("lambda of -1.0");
    assertThatExceptionOfType(UnsolvableException.class)
        .isThrownBy(() -> CutSolver.choice(cut(Optional.of(1.0), true), PAPER))
        .withMessageContaining("lambda of 1.0 and auto at once");
  }

  @Test
  void shouldChooseByWhateverIsHeldOutAndRefuseWhereNothingIs() throws UnsolvableException {
    Cut without = Cut.newBuilder(cut(Optional.empty(), true)).setHeldOut(List.of()).build();

    CutSolver.requireSolvable(cut(Optional.empty(), true), fit, LambdaChoice.AUTO);

    CutSolver.requireSolvable(without, fit, PAPER);
    assertThatExceptionOfType(UnsolvableException.class)
        .isThrownBy(() -> CutSolver.requireSolvable(without, fit, LambdaChoice.AUTO))
        .withMessageContaining("feed some documents with --held-out");
  }
}
