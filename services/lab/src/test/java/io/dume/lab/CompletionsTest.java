package io.dume.lab;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.demo.DemoAssets;
import io.dume.models.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompletionsTest {

  @TempDir private Path directory;

  @Test
  void shouldAskForTheNextWordAfterWordsAsTheyStand() throws IOException {
    // Given 60 words, of which the 25th stands at the beginning of a line
    List<String> words = IntStream.range(0, 60).mapToObj(i -> "word" + i).toList();
    String text = words.stream().collect(Collectors.joining(" ")).replace(" word24 ", "\nword24 ");
    List<CompletionTask> places = new ArrayList<>();

    DemoAssets.unpack(directory);
    try (Tokenizer tokenizer = Tokenizer.load(DemoAssets.expert(directory, "novel"))) {
      Completions.collect(text, tokenizer, 256, places);

      assertThat(places).extracting(CompletionTask::answer).containsExactly("word25", "word50");
      assertThat(places.get(0).query()).startsWith("word1 word2 ").endsWith("\nword24");
      assertThat(places.get(0).tokens()).isEqualTo(tokenizer.encode(" word25").length);
      // Two that overlap nowhere.
      assertThat(places.get(1).query()).startsWith("word26 ").endsWith(" word49");
    }
  }

  @Test
  void shouldLeaveOutWhatDoesNotFit() throws IOException {
    String text = IntStream.range(0, 60).mapToObj(i -> "word" + i).collect(Collectors.joining(" "));
    List<CompletionTask> places = new ArrayList<>();

    DemoAssets.unpack(directory);
    try (Tokenizer tokenizer = Tokenizer.load(DemoAssets.expert(directory, "novel"))) {
      Completions.collect(text, tokenizer, 24, places);
    }

    assertThat(places).isEmpty();
  }
}
