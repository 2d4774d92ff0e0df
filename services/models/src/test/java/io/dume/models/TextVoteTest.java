package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class TextVoteTest {

  /** Three tokens are a little for a, one is much for c; b is never first. */
  private static final TokenScores TEXT =
      new TokenScores(
          List.of("a", "b", "c"),
          List.of(new float[] {.3f, .2f, .1f, .3f, .2f, .1f, -.5f, 0, 2, .4f, .2f, .1f}));

  @Test
  void shouldCountTheChoicesOfAllTokens() {
    TextVote.Result result = new TextVote(TextVote.By.CHOICES, 1).of(TEXT);

    assertThat(result.expert()).isEqualTo("a");
    assertThat(result.shares()).containsExactly(0.75, 0.0, 0.25);
    assertThat(result.order()).containsExactly(0, 2, 1);
    assertThat(result.votes()).isEqualTo(4);
    assertThat(result.share(1)).isEqualTo(0.25);
  }

  @Test
  void shouldSumScores() {
    TextVote.Result result = new TextVote(TextVote.By.SCORES, 1).of(TEXT);

    assertThat(result.expert()).isEqualTo("c");
    assertThat(result.share(0)).isCloseTo(2.3 / 4, org.assertj.core.data.Offset.offset(1e-6));
  }

  @Test
  void shouldAskTheMostConfidentTokensAlone() {
    TextVote.Result one = new TextVote(TextVote.By.CHOICES, 0.01).of(TEXT);
    TextVote.Result two = new TextVote(TextVote.By.CHOICES, 0.5).of(TEXT);

    assertThat(one.expert()).isEqualTo("c");
    assertThat(one.votes()).isEqualTo(1);
    // Then the last one, which is 0.2 ahead; of equals the earlier expert is named first.
    assertThat(two.shares()).containsExactly(0.5, 0.0, 0.5);
    assertThat(two.expert()).isEqualTo("a");
  }

  @Test
  void shouldLetEachLayerVote() {
    TokenScores layers =
        new TokenScores(List.of("a", "b"), List.of(new float[] {1, 0}, new float[] {0, 3}));

    assertThat(new TextVote(TextVote.By.CHOICES, 1).of(layers).shares()).containsExactly(0.5, 0.5);
    assertThat(new TextVote(TextVote.By.SCORES, 0.5).of(layers).expert()).isEqualTo("b");
    assertThat(new TextVote(TextVote.By.CHOICES, 0.5).of(layers).votes()).isEqualTo(2);
  }

  @Test
  void shouldRefuseWhatIsNoShareOrNoText() {
    for (double share : new double[] {0, -1, 1.1, Double.NaN}) {
      assertThatThrownBy(() -> new TextVote(TextVote.By.SCORES, share))
          .hasMessageContaining("confident = " + share);
    }
    TokenScores none = new TokenScores(List.of("a"), List.of(new float[0]));
    assertThatThrownBy(() -> new TextVote(TextVote.By.SCORES, 1).of(none))
        .hasMessageContaining("without tokens");
    assertThatThrownBy(() -> new TokenScores(List.of("a", "b"), List.of(new float[3])))
        .hasMessageContaining("3 scores, for 2 experts");
  }
}
