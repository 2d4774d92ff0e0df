package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoTextTest {

  @TempDir private Path directory;

  @Test
  void shouldFeedTheShortestDocumentFirstAndNoneTwice() throws IOException {
    // Given
    DemoText text = read(List.of("long document", "longer document", "é", "the last document"));

    // When
    List<String> fed = new ArrayList<>(lines(text.shortest()));
    fed.addAll(lines(text.rest(Long.MAX_VALUE)));

    // Then
    assertThat(fed).containsExactly("é", "long document", "longer document", "the last document");
  }

  @Test
  void shouldLookForTheShortestAmongTheFirstFiftyOnly() throws IOException {
    List<String> documents =
        new ArrayList<>(IntStream.range(0, 50).mapToObj("document %02d"::formatted).toList());
    documents.add("x");

    DemoText text = read(documents);

    assertThat(lines(text.shortest())).containsExactly("document 00");
  }

  @Test
  void shouldEndWhenThereAreAboutSoManyTokens() throws IOException {
    // Given documents of 30 bytes, their line ends included: ten tokens each
    DemoText text = read(List.of("short", "a".repeat(29), "b".repeat(29), "c".repeat(29)));

    // When
    List<String> fed = lines(text.rest(15));

    // Then
    assertThat(fed).containsExactly("a".repeat(29), "b".repeat(29));
  }

  private DemoText read(List<String> documents) throws IOException {
    return DemoText.read(Files.write(directory.resolve("train.jsonl"), documents));
  }

  private static List<String> lines(InputStream in) throws IOException {
    return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
  }
}
