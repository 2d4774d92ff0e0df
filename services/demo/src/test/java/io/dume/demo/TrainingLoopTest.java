package io.dume.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import io.dume.demo.TrainingLoop.Stage;
import io.dume.demo.TrainingOptions.Sizes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TrainingLoopTest {

  private static final Sizes SIZES = new Sizes(260, 16, 1, 2, 24);
  private static final int CONTEXT = 16;
  private static final int BATCH = 8;

  @Test
  void shouldLearnTextThatRepeatsItself() {
    List<Double> losses = new ArrayList<>();

    train(name -> true, 1, counting(4000), 2.0, losses);

    assertThat(losses.get(0)).isGreaterThan(2);
    assertThat(losses.get(losses.size() - 1)).isLessThan(0.5);
  }

  @Test
  void shouldLeaveAloneWhatIsNotTuned() {
    Map<String, float[]> before = weights();

    Map<String, float[]> after =
        train(name -> name.contains(".mlp."), 1, counting(2000), 0.5, new ArrayList<>());

    after.forEach(
        (name, values) -> {
          if (name.contains(".mlp.")) {
            assertThat(values).as(name).isNotEqualTo(before.get(name));
          } else {
            assertThat(values).as(name).containsExactly(before.get(name));
          }
        });
  }

  @Test
  void shouldGiveTheSameWeightsForTheSameSeed() {
    Map<String, float[]> first = train(name -> true, 3, counting(2000), 0.5, new ArrayList<>());

    Map<String, float[]> second = train(name -> true, 3, counting(2000), 0.5, new ArrayList<>());

    second.forEach((name, values) -> assertThat(values).as(name).containsExactly(first.get(name)));
  }

  @Test
  void shouldRefuseTextThatIsShorterThanAStep() {
    assertThatThrownBy(() -> train(name -> true, 1, counting(100), 1, new ArrayList<>()))
        .hasMessageContaining("the text has 100 tokens")
        .hasMessageContaining("129");
  }

  @Test
  void shouldWarmUpAndThenCoolDown() {
    assertThat(TrainingLoop.rate(1, 1000, 2)).isCloseTo(0.02, within(1e-9));
    assertThat(TrainingLoop.rate(101, 1000, 2)).isCloseTo(2, within(1e-9));
    assertThat(TrainingLoop.rate(551, 1000, 2)).isCloseTo(1.05, within(1e-9));
    assertThat(TrainingLoop.rate(1001, 1000, 2)).isCloseTo(0.1, within(1e-9));
  }

  private static Map<String, float[]> weights() {
    try (NDManager manager = NDManager.newBaseManager()) {
      return TrainableLlama.random(manager, SIZES, CONTEXT, 7).values();
    }
  }

  private static Map<String, float[]> train(
      java.util.function.Predicate<String> tuned,
      long seed,
      TokenStream text,
      double passes,
      List<Double> losses) {
    try (NDManager manager = NDManager.newBaseManager()) {
      TrainableLlama model = TrainableLlama.random(manager, SIZES, CONTEXT, 7);
      TrainingLoop loop =
          new TrainingLoop(
              manager,
              model,
              CONTEXT,
              BATCH,
              seed,
              (stage, step, steps, loss, validation) -> losses.add(loss));
      loop.run(new Stage("toy", text, counting(400), passes * 4, 1e-2, tuned));
      return model.values();
    }
  }

  /** Tokens that count from 1 to 20 over and over. */
  private static TokenStream counting(int tokens) {
    int[] ids = new int[tokens];
    for (int i = 0; i < tokens; i++) {
      ids[i] = 1 + i % 20;
    }
    return new TokenStream(List.of(ids));
  }
}
