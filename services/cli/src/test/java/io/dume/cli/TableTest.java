package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class TableTest {

  @Test
  void shouldAlignNamesLeftAndFiguresRight() {
    Table table = new Table("domain", "tokens", "").row("math", 12, "x").row("scripture", 3456, "");

    assertThat(table.lines())
        .containsExactly("domain     tokens", "math           12  x", "scripture    3456");
  }

  @Test
  void shouldRefuseARowOfAnotherWidth() {
    Table table = new Table("a", "b");

    assertThatIllegalArgumentException()
        .isThrownBy(() -> table.row("only one"))
        .withMessageContaining("1 cells in a table of 2");
  }
}
