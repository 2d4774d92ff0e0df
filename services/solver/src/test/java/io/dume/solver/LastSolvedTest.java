package io.dume.solver;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.router.Router;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.RouterPart;
import io.dume.schemas.message.RouterVersion;
import java.io.ByteArrayOutputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LastSolvedTest {
  private static final Fit FIT = FoldedStatistics.fit("");

  private static LastSolved solved(boolean intercept) {
    int experts = FoldedStatistics.EXPERTS.size();
    List<LayerGate> gates = new ArrayList<>();
    for (int layer = 0; layer < FoldedStatistics.LAYERS; layer++) {
      gates.add(
          new LayerGate(
              layer,
              new float[experts * FoldedStatistics.WIDTH],
              new float[experts],
              0,
              1,
              List.of(),
              List.of(0.5, 0.5, 0.5),
              new ScoreSums(List.of(1.0, 2.0, 3.0), List.of(), List.of(), List.of())));
    }
    ByteArrayOutputStream weights = new ByteArrayOutputStream();
    for (RouterMessages.Keyed keyed :
        RouterMessages.version(
            new RouterMessages.Solved(
                new FoldedStatistics(FIT, 1, 5, 6, 7)
                    .cut("demo", 4, List.of("ask"), Optional.empty()),
                FIT,
                new CutSolution(0.01, List.of(), gates, Optional.empty()),
                SolveProfile.EJML,
                false,
                intercept,
                Optional.empty()),
            6,
            1 << 20,
            Instant.EPOCH)) {
      if (keyed.message() instanceof RouterPart part) {
        byte[] bytes = new byte[part.getWeights().remaining()];
        part.getWeights().get(bytes);
        weights.writeBytes(bytes);
      } else {
        return new LastSolved(Router.of((RouterVersion) keyed.message(), weights.toByteArray()));
      }
    }
    throw new AssertionError("no version");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "true | was solved with an intercept, this solver solves without",
        "false | was solved without an intercept, this solver solves with:",
      })
  void shouldWarnOfASolverThatSolvesOtherwise(boolean last, String expected) {
    Optional<String> problem = solved(last).interceptProblem(Optional.of(FIT), !last);

    assertThat(problem.orElseThrow()).contains("version 6 ", expected);
  }

  @Test
  void shouldNotWarnOfASolverOfTheSameSettingOrOfAnotherFit() {
    LastSolved without = solved(false);

    assertThat(without.interceptProblem(Optional.of(FIT), false)).isEmpty();
    assertThat(without.interceptProblem(Optional.of(FoldedStatistics.fit("next")), true)).isEmpty();
    assertThat(without.interceptProblem(Optional.empty(), true)).isEmpty();
  }
}
