package io.dume.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dume.models.WindowLoss;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReasoningTest {

  private static final ChoiceTask TASK =
      new ChoiceTask(new int[] {5, 6}, List.of(new int[] {7}, new int[] {8, 9, 10}), 1);

  @Test
  void shouldReadTheQueryAloneAndWithEachAnswer() {
    ChoiceTask longer =
        new ChoiceTask(new int[] {1}, List.of(new int[] {2}, new int[] {3}, new int[] {4}), 0);

    List<List<int[]>> windows = Reasoning.windows(List.of(TASK, longer));

    // Every question in its place, whatever is asked of it.
    assertThat(windows).hasSize(4);
    assertThat(windows.get(0)).containsExactly(new int[] {5, 6}, new int[] {1});
    assertThat(windows.get(1)).containsExactly(new int[] {5, 6, 7}, new int[] {1, 2});
    assertThat(windows.get(2)).containsExactly(new int[] {5, 6, 8, 9, 10}, new int[] {1, 3});
    assertThat(windows.get(3)).containsExactly(new int[] {5, 6}, new int[] {1, 4});
  }

  @Test
  void shouldTakeTheLikeliestAnswerByToken() {
    // 2 nats for the one token of the first; 4.5 for the three of the second: 1.5 each
    List<List<WindowLoss>> losses =
        List.of(
            List.of(new WindowLoss(1, 1)),
            List.of(new WindowLoss(3, 2)),
            List.of(new WindowLoss(5.5, 4)));

    assertThat(Reasoning.right(List.of(TASK), losses)).isEqualTo(1);
    assertThat(Reasoning.right(List.of(new ChoiceTask(TASK.query(), TASK.choices(), 0)), losses))
        .isZero();
  }

  @Test
  void shouldRefuseARightAnswerThatIsNone() {
    assertThatThrownBy(() -> new ChoiceTask(new int[] {1}, TASK.choices(), 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("gold = 2");
  }
}
