package io.dume.solver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.dume.schemas.message.Cut;
import io.dume.schemas.message.Fit;
import io.dume.solver.LayerStatisticsReader.Heartbeat;
import io.dume.solver.LayerStatisticsReader.Sink;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What solvers a {@link CutSolver} holds: each has n² doubles, or twice that. */
@Timeout(60)
class CutSolverWorkspacesTest {
  private static final int THREADS = 2;
  private static final int PUT_TOGETHER = 2;
  private static final int LAYERS = 8;

  private final FoldedStatistics statistics = of(FoldedStatistics.WIDTH);
  private final FoldedStatistics narrower = of(FoldedStatistics.WIDTH / 2);
  private final CountedLibrary library = new CountedLibrary();
  private final CutSolver solver = new CutSolver("test", THREADS, true, library::open);

  private static FoldedStatistics of(int width) {
    Fit fit = FoldedStatistics.fit("", LAYERS, width, PUT_TOGETHER);
    return new FoldedStatistics(fit, 1, 20, 30, 40);
  }

  @Test
  void shouldWaitForWhatIsLeftOfARefusedCutBeforeItTakesMoreMemory() throws Exception {
    // given
    try (solver) {
      refuse(statistics);

      // when
      CutSolution solution = solve(statistics, library::release);

      // then
      assertThat(solution.gates()).hasSize(LAYERS);
      assertThat(library.opened()).isEqualTo(THREADS + PUT_TOGETHER);
    }
    assertThat(library.closed()).isEqualTo(library.opened());
  }

  @Test
  void shouldHaveAllItsPermitsAgainAfterALayerThatCouldNotBeSolved() throws Exception {
    // given
    library.release();
    try (solver) {
      library.fail(true);
      for (int i = 0; i <= THREADS; i++) {
        assertThatExceptionOfType(UnsolvableException.class)
            .isThrownBy(() -> solve(statistics, () -> {}))
            .withMessageContaining("layer 0");
      }
      library.fail(false);

      // when
      CutSolution solution = solve(statistics, () -> {});

      // then
      assertThat(solution.gates()).hasSize(LAYERS);
    }
  }

  @Test
  void shouldCloseIdleSolversWhenACutOfAnotherSizeBegins() throws Exception {
    // given
    library.release();
    try (solver) {
      solve(statistics, () -> {});
      int ofOldSize = library.opened();

      // when
      solve(narrower, () -> {});

      // then
      assertThat(library.closed()).isEqualTo(ofOldSize);
    }
    assertThat(library.closed()).isEqualTo(library.opened());
  }

  @Test
  void shouldCloseSolversOfAnotherSizeThatWereStillAtWork() throws Exception {
    // given
    try (solver) {
      refuse(statistics);

      // when
      solve(narrower, library::release);

      // then
      assertThat(library.opened()).isGreaterThan(THREADS);
    }
    assertThat(library.closed()).isEqualTo(library.opened());
  }

  /** Leaves a layer on every thread. */
  private void refuse(FoldedStatistics of) {
    assertThatExceptionOfType(UnsolvableException.class)
        .isThrownBy(
            () ->
                solver.solve(
                    cut(of),
                    LambdaChoice.fixed(0.01),
                    Optional.empty(),
                    SolveProfile.EJML,
                    (cut, keepHeldOut, places, sink, heartbeat, announced) -> {
                      read(of, cut, THREADS, places, sink);
                      throw new UnsolvableException("the rest is gone");
                    },
                    () -> {},
                    (fit, number) -> true))
        .withMessage("the rest is gone");
  }

  private CutSolution solve(FoldedStatistics of, Heartbeat heartbeat) throws UnsolvableException {
    return solver.solve(
        cut(of),
        LambdaChoice.fixed(0.01),
        Optional.empty(),
        SolveProfile.EJML,
        (cut, keepHeldOut, places, sink, beat, announced) -> read(of, cut, LAYERS, places, sink),
        heartbeat,
        (fit, number) -> true);
  }

  private static Cut cut(FoldedStatistics of) {
    return of.cut("demo", 1, List.of("ask"), Optional.empty());
  }

  /** Gives layers, of which two at a time are being put together. */
  private static void read(
      FoldedStatistics of,
      Cut cut,
      int layers,
      Supplier<LayerSolver> places,
      Sink<LayerSolver> sink)
      throws UnsolvableException {
    for (int first = 0; first < layers; first += PUT_TOGETHER) {
      List<LayerAssembly<LayerSolver>> begun = new ArrayList<>();
      for (int layer = first; layer < first + PUT_TOGETHER; layer++) {
        begun.add(new LayerAssembly<>(CutShape.of(cut), layer, places.get(), false));
      }
      for (int i = 0; i < begun.size(); i++) {
        sink.accept(LayerAssemblyTest.complete(begun.get(i), of.layer(cut.getCut(), first + i)));
      }
    }
  }
}
