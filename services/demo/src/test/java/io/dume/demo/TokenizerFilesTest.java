package io.dume.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.dume.demo.DemoAssets.Document;
import io.dume.demo.DemoAssets.Split;
import io.dume.models.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

class TokenizerFilesTest {

  private static Path directory;
  private static BytePairEncoding encoding;
  private static Tokenizer tokenizer;

  @BeforeContainer
  static void learnFromAFewDocuments() throws IOException {
    encoding = BpeTrainer.train(someTexts(Split.TRAIN), 700);
    directory = Files.createTempDirectory("tokenizer");
    TokenizerFiles.write(encoding, 512, directory);
    tokenizer = Tokenizer.load(directory);
  }

  @AfterContainer
  static void delete() throws IOException {
    tokenizer.close();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(directory);
  }

  @Property(tries = 300)
  void shouldGiveBackAnyText(@ForAll String text) {
    assumeThat(text.codePoints().noneMatch(TokenizerFilesTest::isLoneSurrogate)).isTrue();

    int[] ids = tokenizer.encode(text);

    assertThat(tokenizer.decode(ids)).isEqualTo(text);
  }

  @Example
  void shouldCutTextAsTheTrainerDid() throws IOException {
    for (String text : someTexts(Split.VALIDATION)) {
      assertThat(tokenizer.encode(text))
          .as("of %s", text)
          .isEqualTo(ReferenceEncoder.encode(encoding, text));
    }
  }

  @Example
  void shouldKnowItsEndOfTextTokenAndAddNothingOfItsOwn() {
    assertThat(tokenizer.vocabSize()).isEqualTo(700);
    assertThat(tokenizer.endOfText()).hasValue(BytePairEncoding.END_OF_TEXT_ID);
    assertThat(tokenizer.beginToken()).isEmpty();
    assertThat(tokenizer.encode(BytePairEncoding.END_OF_TEXT))
        .containsExactly(BytePairEncoding.END_OF_TEXT_ID);
  }

  private static boolean isLoneSurrogate(int codePoint) {
    return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
  }

  private static List<String> someTexts(Split split) throws IOException {
    List<String> texts = new ArrayList<>();
    for (String domain : DemoAssets.DOMAINS) {
      try (Stream<Document> documents = DemoAssets.documents(domain, split)) {
        documents.limit(10).map(Document::text).forEach(texts::add);
      }
    }
    return texts;
  }
}
