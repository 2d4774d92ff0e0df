package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextGenerationTest {

  private static final int VOCABULARY = 257;
  private static final int END = 256;
  private static final String PROMPT = "Once upon";

  @TempDir static Path directory;

  private static Tokenizer tokenizer;
  private static DenseModel model;

  @BeforeAll
  static void load() throws IOException {
    ObjectNode config = TestModel.config("llama");
    config.put("vocab_size", VOCABULARY).put("eos_token_id", END);
    TestModel expert = TestModel.random(config, TensorType.F32, 3);
    expert.write(directory);
    TestTokenizers.writeBytes(directory);
    tokenizer = Tokenizer.load(directory);
    model = DenseModel.load(directory, Device.CPU);
  }

  @AfterAll
  static void close() {
    model.close();
    tokenizer.close();
  }

  /** What a listener heard. */
  private static final class Heard implements TextGeneration.Listener {
    private final List<Integer> ids = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();

    @Override
    public void token(int ordinal, int id, float[][] shares) {
      assertThat(ordinal).isEqualTo(ids.size());
      assertThat(shares).hasDimensions(2, 0);
      ids.add(id);
    }

    @Override
    public void text(String piece, int ordinal) {
      assertThat(piece).isNotEmpty();
      assertThat(ordinal).isLessThan(ids.size());
      text.append(piece);
    }
  }

  private static TextGeneration.Written write(
      Sampling sampling, int maxTokens, List<String> stops, Heard heard) {
    TextGeneration.Limits limits = new TextGeneration.Limits(maxTokens, stops);
    try (Generation generation = model.generation()) {
      return new TextGeneration(model.config(), tokenizer, sampling, limits)
          .write(PROMPT, generation, heard, () -> true);
    }
  }

  /** The most probable tokens, each by reading the whole text anew. */
  private static List<Integer> greedy(int tokens) {
    List<Integer> ids = new ArrayList<>();
    Arrays.stream(tokenizer.encode(PROMPT)).forEach(ids::add);
    int prompt = ids.size();
    for (int i = 0; i < tokens; i++) {
      float[] logits = model.logits(ids.stream().mapToInt(id -> id).toArray());
      float[] last = Arrays.copyOfRange(logits, logits.length - VOCABULARY, logits.length);
      int best = 0;
      for (int id = 0; id < last.length; id++) {
        best = last[id] > last[best] ? id : best;
      }
      ids.add(best);
    }
    return ids.subList(prompt, ids.size());
  }

  @Test
  void shouldWriteTheMostProbableTokensWhenItIsGreedy() {
    Heard heard = new Heard();

    TextGeneration.Written written = write(Sampling.GREEDY, 20, List.of(), heard);

    List<Integer> wanted = greedy(20);
    assertThat(wanted).doesNotContain(END);
    assertThat(heard.ids).isEqualTo(wanted);
    assertThat(written.text())
        .isEqualTo(tokenizer.decode(wanted.stream().mapToInt(id -> id).toArray()))
        .isEqualTo(heard.text.toString());
    assertThat(written.end()).isEqualTo(TextGeneration.End.ENOUGH_TOKENS);
    assertThat(written.promptTokens()).isEqualTo(9);
    assertThat(written.tokens()).isEqualTo(20);
  }

  @Test
  void shouldWriteTheSameTextForTheSameSeed() {
    List<String> texts = new ArrayList<>();
    for (long seed : new long[] {1, 1, 2}) {
      Sampling sampling = new Sampling(1, 50, 0.95, 1.1, seed);
      texts.add(write(sampling, 30, List.of(), new Heard()).text());
    }

    assertThat(texts.get(1)).isEqualTo(texts.get(0));
    assertThat(texts.get(2)).isNotEqualTo(texts.get(0));
  }

  @Test
  void shouldUseUpTheModelsPositionsAndEndThere() {
    TextGeneration.Written written = write(Sampling.GREEDY, 1000, List.of(), new Heard());

    assertThat(written.end()).isEqualTo(TextGeneration.End.POSITIONS_USED_UP);
    // 64 positions are read, and one more token is known after the last of them.
    assertThat(written.tokens()).isEqualTo(64 - 9 + 1);
  }

  @Test
  void shouldEndAtTheEndOfTextWithoutWritingIt() throws IOException {
    int third = greedy(3).get(2);
    Path other = Files.createDirectory(directory.resolve("ends"));
    for (String file : List.of("model.safetensors", "tokenizer.json")) {
      Files.copy(directory.resolve(file), other.resolve(file));
    }
    ObjectNode config = TestModel.config("llama");
    config.put("vocab_size", VOCABULARY).putArray("eos_token_id").add(END).add(third);
    Files.write(other.resolve("config.json"), TestModel.JSON.writeValueAsBytes(config));
    Heard heard = new Heard();

    TextGeneration.Written written;
    try (DenseModel ending = DenseModel.load(other, Device.CPU);
        Generation generation = ending.generation()) {
      TextGeneration.Limits limits = new TextGeneration.Limits(50, List.of());
      written =
          new TextGeneration(ending.config(), tokenizer, Sampling.GREEDY, limits)
              .write(PROMPT, generation, heard, () -> true);
    }

    assertThat(written.end()).isEqualTo(TextGeneration.End.END_OF_TEXT);
    assertThat(heard.ids).isEqualTo(greedy(2));
    assertThat(written.tokens()).isEqualTo(3);
  }

  @Test
  void shouldEndBeforeAStopThatTokensDivide() {
    String whole = write(Sampling.GREEDY, 40, List.of(), new Heard()).text();
    String stop = whole.substring(10, 13);
    Heard heard = new Heard();

    TextGeneration.Written written = write(Sampling.GREEDY, 40, List.of(stop, "never"), heard);

    assertThat(written.end()).isEqualTo(TextGeneration.End.STOP);
    assertThat(written.text())
        .isEqualTo(whole.substring(0, whole.indexOf(stop)))
        .isEqualTo(heard.text.toString());
    assertThat(written.tokens()).isLessThan(40);
  }

  @Test
  void shouldEndWhenNobodyWantsMore() {
    Heard heard = new Heard();
    TextGeneration.Limits limits = new TextGeneration.Limits(50, List.of());

    TextGeneration.Written written;
    try (Generation generation = model.generation()) {
      written =
          new TextGeneration(model.config(), tokenizer, Sampling.GREEDY, limits)
              .write(PROMPT, generation, heard, () -> heard.ids.size() < 5);
    }

    assertThat(written.end()).isEqualTo(TextGeneration.End.INTERRUPTED);
    assertThat(heard.ids).isEqualTo(greedy(5));
  }

  @Test
  void shouldRefuseAPromptThatIsNoneOrTooLong() {
    TextGeneration.Limits limits = new TextGeneration.Limits(50, List.of());
    TextGeneration texts = new TextGeneration(model.config(), tokenizer, Sampling.GREEDY, limits);
    try (Generation generation = model.generation()) {
      assertThatThrownBy(() -> texts.write("", generation, new Heard(), () -> true))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("no tokens");
      assertThatThrownBy(() -> texts.write("x".repeat(65), generation, new Heard(), () -> true))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("65 tokens", "takes 64");
    }
    assertThatThrownBy(() -> new TextGeneration.Limits(0, List.of()))
        .hasMessageContaining("max tokens = 0");
    assertThatThrownBy(() -> new TextGeneration.Limits(1, List.of("")))
        .hasMessageContaining("empty");
  }
}
