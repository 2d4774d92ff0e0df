package io.dume.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dume.demo.TrainingOptions.Sizes;
import io.dume.demo.TrainingOptions.Tune;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TrainingOptionsTest {

  private static final TrainingOptions SHIPPED = TrainingOptions.shipped(Path.of("out"));

  /** The recipe that the README gives the experts' figures for. */
  @Test
  void shouldShipTheRecipeOfTheExpertsThatComeWithTheProject() {
    assertThat(SHIPPED)
        .isEqualTo(
            new TrainingOptions(
                Path.of("out"),
                Optional.empty(),
                Optional.empty(),
                List.of("novel", "politics", "code", "math", "scripture"),
                Tune.MLPS,
                new Sizes(2048, 128, 4, 4, 352),
                256,
                8,
                4,
                3,
                3e-3,
                2e-3,
                1));
  }

  @Test
  void shouldRefuseHeadsThatCannotTurn() {
    assertThatThrownBy(() -> new Sizes(300, 18, 1, 4, 8))
        .hasMessageContaining("hidden is 18")
        .hasMessageContaining("a multiple of 8");
  }

  @Test
  void shouldRefuseAVocabularyWithoutTheBytes() {
    assertThatThrownBy(() -> new Sizes(256, 16, 1, 4, 8)).hasMessageContaining("at least 257");
  }

  @Test
  void shouldRefuseNoPassesAtAll() {
    assertThatThrownBy(() -> SHIPPED.withPasses(0, 1)).hasMessageContaining("basePasses is 0.0");
    assertThatThrownBy(() -> SHIPPED.withPasses(1, Double.NaN))
        .hasMessageContaining("expertPasses is NaN");
  }

  @Test
  void shouldRefuseADomainTwice() {
    assertThatThrownBy(() -> SHIPPED.withCorpora(Path.of("text"), List.of("code", "code")))
        .hasMessageContaining("domains is [code, code]");
  }

  @Test
  void shouldChangeOneThingAtATime() {
    TrainingOptions changed = SHIPPED.withSeed(9).withBase(Path.of("base")).withOut(Path.of("o"));

    assertThat(changed.seed()).isEqualTo(9);
    assertThat(changed.base()).hasValue(Path.of("base"));
    assertThat(changed.out()).isEqualTo(Path.of("o"));
    assertThat(changed.sizes()).isEqualTo(SHIPPED.sizes());
  }
}
