package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class WrittenTextTest {

  private static final List<String> EXPERTS = List.of("math", "code");
  private static final float[][] MATH = {{1, 0}, {1, 0}, {0, 1}};
  private static final float[][] CODE = {{0.25f, 0.75f}, {1, 0}, {0, 1}};
  private static final float[][] EQUAL = {{0.5f, 0.5f}, {1, 0}, {0, 1}};

  private final StringWriter out = new StringWriter();
  private final Console console =
      new Console(new PrintWriter(out), new PrintWriter(new StringWriter()), false);

  private WrittenText write(WrittenText.Form form) {
    WrittenText text = new WrittenText(console, form, EXPERTS);
    text.token(0, 7, MATH);
    text.text("2 +", 0);
    text.token(1, 8, EQUAL);
    text.text(" 2\n", 1);
    text.token(2, 9, CODE);
    text.token(3, 9, CODE);
    // The text of the third token comes with that of the fourth.
    text.text("ret", 2);
    text.text("urn", 3);
    text.finish();
    return text;
  }

  @Test
  void shouldPutTheExpertsNamesIntoBracketsWhereThereAreNoColours() {
    write(WrittenText.Form.BRACKETS);

    assertThat(out.toString().lines())
        .containsExactly(
            "[math: 2 + 2",
            "][code: return]",
            "",
            "expert  tokens  share  layer 0  layer 1  layer 2",
            "math         2   0.50     0.50     1.00     0.00",
            "code         2   0.50     0.50     0.00     1.00");
  }

  @Test
  void shouldColourTextAndLegendAlike() {
    write(WrittenText.Form.COLOURS);

    assertThat(out.toString())
        .startsWith("\033[36m2 +\033[0m\033[36m 2\n\033[0m\033[33mret\033[0m\033[33murn\033[0m")
        .contains("\033[36mmath         2", "\033[33mcode         2");
  }

  @Test
  void shouldShowNothingWhenItIsSilentAndTellWhoWroteWhat() {
    WrittenText text = write(WrittenText.Form.SILENT);

    assertThat(out.toString()).isEmpty();
    assertThat(text.runs())
        .containsExactly(
            new WrittenText.Piece("2 + 2\n", "math"), new WrittenText.Piece("return", "code"));
    assertThat(text.authorship().tokens(1)).isEqualTo(2);
  }

  @Test
  void shouldNotLetATextSteerTheTerminal() {
    WrittenText text = new WrittenText(console, WrittenText.Form.COLOURS, EXPERTS);
    text.token(0, 1, CODE);

    text.text("a\033[2Jb", 0);

    assertThat(out.toString()).isEqualTo("\033[33ma?[2Jb\033[0m");
  }

  @Test
  void shouldLeaveOutTheLayersOfADeepModel() {
    Authorship authorship = new Authorship(EXPERTS);
    float[][] shares = new float[24][];
    Arrays.fill(shares, new float[] {0.25f, 0.75f});

    authorship.token(shares);

    assertThat(authorship.table().lines())
        .containsExactly("expert  tokens  share", "math         0   0.25", "code         1   0.75");
  }
}
