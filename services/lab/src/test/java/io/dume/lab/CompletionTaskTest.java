package io.dume.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CompletionTaskTest {

  private static final CompletionTask TASK = new CompletionTask("2 + 2 =", " 4 apples ", 8);

  @ParameterizedTest
  @ValueSource(strings = {"4 apples", " 4 apples", "\n\n 4 apples \n2 + 3 =", "4 apples\r\nand"})
  void shouldTakeTheFirstLineThatIsWritten(String written) {
    assertThat(TASK.isAnsweredBy(written)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "4", "4  apples", "4 apples.", "4 Apples", "so\n4 apples"})
  void shouldTakeNothingElse(String written) {
    assertThat(TASK.isAnsweredBy(written)).isFalse();
  }

  @Test
  void shouldRefuseAnAnswerThatCouldNeverBeRight() {
    assertThatThrownBy(() -> new CompletionTask("a list:", "one\ntwo", 8))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("one line");
    assertThatThrownBy(() -> new CompletionTask("a list:", "  ", 8))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
