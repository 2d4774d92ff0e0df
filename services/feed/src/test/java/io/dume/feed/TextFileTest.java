package io.dume.feed;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TextFileTest {

  private final List<TextFile.Text> texts = new ArrayList<>();
  private final List<SetAsideDocument> setAside = new ArrayList<>();

  private void read(String lines, int wanted) throws IOException {
    TextFile.read(
        new ByteArrayInputStream(lines.getBytes(StandardCharsets.UTF_8)),
        "input",
        new TextFile.Sink() {
          @Override
          public boolean text(TextFile.Text text) {
            texts.add(text);
            return texts.size() < wanted;
          }

          @Override
          public void setAside(SetAsideDocument document) {
            setAside.add(document);
          }
        });
  }

  @Test
  void shouldTakeTextsWithAndWithoutLabelsAndSetOthersAside() throws IOException {
    read(
        """
        {"text": "one", "more": [1]}

        {"domain": "math", "id": 7, "text": "two"}
        {"domain": 3, "text": "x"}
        {"domain": "math"}
        no JSON
        """,
        9);

    assertThat(texts)
        .containsExactly(
            new TextFile.Text("input:1", Optional.empty(), Optional.empty(), "one"),
            new TextFile.Text("input:3", Optional.of("math"), Optional.of("7"), "two"));
    assertThat(setAside)
        .extracting(SetAsideDocument::where)
        .containsExactly("input:4", "input:5", "input:6");
    assertThat(setAside)
        .extracting(SetAsideDocument::detail)
        .satisfiesExactly(
            domain -> assertThat(domain).isEqualTo("\"domain\" is not a string"),
            text -> assertThat(text).isEqualTo("\"text\" is missing"),
            json -> assertThat(json).startsWith("not JSON"));
  }

  @Test
  void shouldEndWhenNoMoreIsWanted() throws IOException {
    read("{\"text\": \"one\"}\n{\"text\": \"two\"}\nno JSON\n", 1);

    assertThat(texts).extracting(TextFile.Text::text).containsExactly("one");
    assertThat(setAside).isEmpty();
  }
}
