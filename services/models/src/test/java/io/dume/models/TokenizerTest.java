package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerTest {

  @TempDir Path directory;

  @Test
  void shouldEncodeWithoutSpecialTokensAndDecodeBack() throws IOException {
    TestTokenizers.write(directory, false);

    try (Tokenizer tokenizer = Tokenizer.load(directory)) {
      int[] ids = tokenizer.encode("ab ba");

      assertThat(ids).containsExactly(5, 4, 3, 2);
      assertThat(tokenizer.decode(ids)).isEqualTo("ab ba");
    }
  }

  @Test
  void shouldNeverTruncate() throws IOException {
    TestTokenizers.write(directory, false);

    try (Tokenizer tokenizer = Tokenizer.load(directory)) {
      assertThat(tokenizer.encode("b".repeat(5000))).hasSize(5000);
    }
  }

  @Test
  void shouldTellWhetherTheTemplateAddsABeginToken() throws IOException {
    Path with = Files.createDirectory(directory.resolve("with"));
    Path without = Files.createDirectory(directory.resolve("without"));
    TestTokenizers.write(with, true);
    TestTokenizers.write(without, false);

    try (Tokenizer adds = Tokenizer.load(with);
        Tokenizer plain = Tokenizer.load(without)) {
      assertThat(adds.beginToken()).hasValue(0);
      assertThat(adds.encode("a")).containsExactly(2);
      assertThat(plain.beginToken()).isEmpty();
    }
  }

  @Test
  void shouldTakeTheEndOfTextFromTheModelFirstAndThenFromTheTokenizer() throws IOException {
    TestTokenizers.write(directory, false);
    Files.writeString(directory.resolve("tokenizer_config.json"), "{\"eos_token\": \"<e>\"}");

    try (Tokenizer tokenizer = Tokenizer.load(directory)) {
      assertThat(tokenizer.endOfText()).hasValue(1);
      assertThat(tokenizer.vocabSize()).isEqualTo(6);
    }
    Files.writeString(directory.resolve("config.json"), "{\"eos_token_id\": [3, 1]}");
    try (Tokenizer tokenizer = Tokenizer.load(directory)) {
      assertThat(tokenizer.endOfText()).hasValue(3);
    }
  }

  @Test
  void shouldRefuseAFileThatIsNotATokenizer() throws IOException {
    Files.writeString(directory.resolve("tokenizer.json"), "{\"model\": {\"type\": \"Nothing\"}}");

    assertThatThrownBy(() -> Tokenizer.load(directory))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContaining("tokenizer.json");
    assertThatThrownBy(() -> Tokenizer.load(directory.resolve("absent")))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContaining("missing");
  }
}
