package io.dume.evaluator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class WindowsTest {
  @Test
  void shouldLeaveOutAWindowThatHasNothingToPredict() {
    // Given a document one token longer than the context
    int[] ids = {1, 2, 3, 4, 5};

    // When it is cut
    List<int[]> windows = Windows.of(ids, 4);

    // Then the last token, first of its window, is not predicted
    assertThat(windows).containsExactly(new int[] {1, 2, 3, 4});
  }

  @Property
  void shouldPredictEveryTokenButTheFirstOfEachWindow(
      @ForAll @IntRange(max = 500) int length, @ForAll @IntRange(min = 2, max = 64) int context) {
    // Given
    int[] ids = IntStream.range(0, length).toArray();

    // When
    List<int[]> windows = Windows.of(ids, context);

    // Then
    int predicted = windows.stream().mapToInt(w -> w.length - 1).sum();
    int windowsOfDocument = (length + context - 1) / context;
    assertThat(predicted).isEqualTo(length - windowsOfDocument);
    assertThat(windows).allMatch(w -> w.length <= context && w[0] % context == 0);
  }
}
