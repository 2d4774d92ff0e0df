package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IncrementalDecoderTest {

  @TempDir static Path directory;
  private static Tokenizer bytes;
  private static Tokenizer fallback;

  @BeforeAll
  static void load() throws IOException {
    TestTokenizers.writeBytes(Files.createDirectory(directory.resolve("bytes")));
    TestTokenizers.writeByteFallback(Files.createDirectory(directory.resolve("fallback")));
    bytes = Tokenizer.load(directory.resolve("bytes"));
    fallback = Tokenizer.load(directory.resolve("fallback"));
  }

  @AfterAll
  static void close() {
    bytes.close();
    fallback.close();
  }

  @Test
  void shouldGiveACharacterWithTheLastOfItsTokens() {
    assertThat(pieces(bytes, "a€ 🙂", 1)).containsExactly("", "", "€", " ", "", "", "", "🙂", "");
    assertThat(pieces(fallback, "a € b", 2)).containsExactly(" ", "", "", "€", " ", "b", "");
  }

  @Test
  void shouldGiveBytesThatMakeNoCharacterAtTheEnd() {
    IncrementalDecoder decoder = new IncrementalDecoder(bytes, new int[] {'a'});

    assertThat(decoder.add(0xE2)).isEmpty();
    assertThat(decoder.add(0x82)).isEmpty();
    assertThat(decoder.finish()).isEqualTo("\uFFFD");
    assertThat(decoder.finish()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldGiveTheTextOfAllTokensWhereverThePromptEnds(boolean level) {
    Tokenizer tokenizer = level ? bytes : fallback;
    Random random = new Random(4);
    String[] characters = {"a", "b", " ", "é", "€", "🙂", "\n", "中", " a"};
    for (int i = 0; i < 60; i++) {
      StringBuilder text = new StringBuilder("b");
      for (int c = 0; c < 12; c++) {
        text.append(characters[random.nextInt(characters.length)]);
      }
      int prompt = 1 + random.nextInt(text.length() - 1);
      prompt -= Character.isLowSurrogate(text.charAt(prompt)) ? 1 : 0;
      int[] before = tokenizer.encode(text.substring(0, prompt));

      List<String> pieces = pieces(tokenizer, text.toString(), before.length);

      assertThat(String.join("", pieces)).as("%s", text).isEqualTo(text.substring(prompt));
    }
  }

  @Test
  void shouldGiveTheTextOfAnyBytes() {
    Random random = new Random(5);
    for (int i = 0; i < 200; i++) {
      int[] ids = new int[30];
      for (int t = 0; t < ids.length; t++) {
        ids[t] = random.nextBoolean() ? 'a' + random.nextInt(3) : 0x80 + random.nextInt(128);
      }
      ids[0] = 'x';
      IncrementalDecoder decoder = new IncrementalDecoder(bytes, new int[] {'x'});
      StringBuilder text = new StringBuilder("x");
      for (int t = 1; t < ids.length; t++) {
        text.append(decoder.add(ids[t]));
      }
      text.append(decoder.finish());

      assertThat(text).hasToString(bytes.decode(ids));
    }
  }

  /** Decodes the tokens of a text but those before, and then finishes. */
  private static List<String> pieces(Tokenizer tokenizer, String text, int before) {
    int[] ids = tokenizer.encode(text);
    IncrementalDecoder decoder = new IncrementalDecoder(tokenizer, Arrays.copyOf(ids, before));
    List<String> pieces = new ArrayList<>();
    for (int t = before; t < ids.length; t++) {
      pieces.add(decoder.add(ids[t]));
    }
    pieces.add(decoder.finish());
    return pieces;
  }
}
