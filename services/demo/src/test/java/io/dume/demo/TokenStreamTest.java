package io.dume.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.NotEmpty;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class TokenStreamTest {

  @Property(tries = 100)
  void shouldPredictEachTokenAtMostOnceAndLeaveOutLessThanAWindow(
      @ForAll @Size(min = 1, max = 20) List<@NotEmpty int[]> documents,
      @ForAll @IntRange(min = 1, max = 9) int context,
      @ForAll long seed) {
    TokenStream stream = new TokenStream(documents);

    List<int[]> windows = stream.windows(context, new Random(seed));

    assertThat(windows).allMatch(window -> window.length == context + 1);
    long predicted = (long) windows.size() * context;
    assertThat(stream.tokens() - 1 - predicted).isBetween(0L, context - 1L);
  }

  @Test
  void shouldKeepTheTokensOfADocumentTogether() {
    TokenStream stream = new TokenStream(List.of(new int[] {1, 2, 3}, new int[] {4, 5, 6}));

    List<int[]> windows = stream.windows(5, new Random(3));

    List<Integer> text = new ArrayList<>();
    Arrays.stream(windows.get(0)).forEach(text::add);
    assertThat(text).containsSequence(1, 2, 3).containsSequence(4, 5, 6);
  }

  @Test
  void shouldEndADocument() {
    int[] ended = TokenStream.ended(new int[] {7, 8});

    assertThat(ended).containsExactly(7, 8, BytePairEncoding.END_OF_TEXT_ID);
  }
}
