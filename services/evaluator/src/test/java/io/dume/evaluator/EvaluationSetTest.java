package io.dume.evaluator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dume.evaluator.EvaluationSet.Added;
import io.dume.models.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluationSetTest {

  private static final int A = TinyModels.id('a');
  private static final int B = TinyModels.id('b');
  private static final int C = TinyModels.id('c');
  private static final int END = TinyModels.END_OF_TEXT;

  @TempDir private Path directory;
  private Tokenizer tokenizer;

  @BeforeEach
  void writeTokenizer() throws IOException {
    TinyModels.writeExpert(directory, 1);
    TinyModels.writeTokenizer(directory, false);
    tokenizer = Tokenizer.load(directory);
  }

  @AfterEach
  void close() {
    tokenizer.close();
  }

  @Test
  void shouldEndEachDocumentAndNeverJoinTwo() {
    // Given
    EvaluationSet.Builder builder = EvaluationSet.builder(tokenizer, 3);
    builder.add("math", "abc");
    builder.add("code", "c");
    builder.add("math", "ba");

    // When
    EvaluationSet set = builder.build();

    // Then the end of the first document is alone in its window, and not predicted
    assertThat(set.domains()).containsExactly("math", "code");
    assertThat(set.windows("math")).containsExactly(new int[] {A, B, C}, new int[] {B, A, END});
    assertThat(set.windows("code")).containsExactly(new int[] {C, END});
  }

  @Test
  void shouldBeginADocumentOnlyWhereTheTokenizerDoes() throws IOException {
    // Given
    TinyModels.writeTokenizer(directory, true);
    try (Tokenizer beginning = Tokenizer.load(directory)) {
      EvaluationSet.Builder builder = EvaluationSet.builder(beginning, 3);

      // When
      builder.add("math", "abc");

      // Then
      assertThat(builder.build().windows("math"))
          .containsExactly(new int[] {TinyModels.BEGIN, A, B}, new int[] {C, END});
    }
  }

  @Test
  void shouldTellOfADocumentWithoutTokens() {
    EvaluationSet.Builder builder = EvaluationSet.builder(tokenizer, 3);

    Added added = builder.add("math", "");

    assertThat(added).isEqualTo(Added.EMPTY);
    assertThat(builder.build().domains()).isEmpty();
  }

  @Test
  void shouldTakeWholeDocumentsUntilADomainHasItsTokens() {
    // Given
    EvaluationSet.Builder builder = EvaluationSet.builder(tokenizer, 8, 4);
    assertThat(builder.add("math", "ab")).isEqualTo(Added.TAKEN);
    assertThat(builder.add("math", "abc")).isEqualTo(Added.TAKEN);

    // When
    Added further = builder.add("math", "a");

    // Then the other domain has its own limit
    assertThat(further).isEqualTo(Added.ENOUGH);
    assertThat(builder.add("code", "a")).isEqualTo(Added.TAKEN);
    assertThat(builder.build().windows("math")).hasSize(2);
  }

  @Test
  void shouldRefuseAWindowInWhichNothingIsPredicted() {
    assertThatThrownBy(() -> EvaluationSet.builder(tokenizer, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("evaluation context 1: at least 2");
  }

  @Test
  void shouldHaveNoPerplexityOfNothing() {
    assertThatThrownBy(Perplexity.NONE::value)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("no token was predicted");
  }
}
