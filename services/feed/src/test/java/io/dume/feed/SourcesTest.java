package io.dume.feed;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.schemas.kafka.KafkaSettings;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourcesTest {
  private static final FeedConfig CONFIG =
      FeedConfig.defaults(KafkaSettings.of("localhost:1"), 100).withMaxDocumentBytes(60);

  @TempDir Path directory;

  private Path write(String name, String text) throws IOException {
    Path file = directory.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  /** Each as "domain|source|document|text", or "where|reason". */
  private List<String> read(FeedSource source) throws IOException {
    RecordCutter cutter = new RecordCutter(new CharacterEncoder(), Set.of("math", "novel"), CONFIG);
    List<String> read = new ArrayList<>();
    try (OpenSource open = OpenSource.open(source, CONFIG, cutter)) {
      for (Optional<Reading> next = open.next(); next.isPresent(); next = open.next()) {
        if (next.get() instanceof Reading.Ready ready) {
          StringBuilder text = new StringBuilder();
          ready.batch().getSequences().get(0).forEach(id -> text.append((char) (int) id));
          text.setLength(text.length() - 1);
          read.add(
              String.join(
                  "|",
                  ready.batch().getDomain(),
                  ready.batch().getSource(),
                  ready.batch().getDocument(),
                  text));
        } else if (next.get() instanceof Reading.Unusable unusable) {
          read.add(unusable.document().where() + "|" + unusable.document().reason());
        }
      }
    }
    return read;
  }

  private static InputStream stream(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void shouldTakeATextFileAsOneDocumentNamedByItsPath() throws IOException {
    Path file = write("a.txt", "one\n\ntwo\n");

    assertThat(read(new FeedSource.TextFiles("math", file, FeedSource.Split.WHOLE)))
        .containsExactly("math|file|" + file + "#0|one\n\ntwo\n");
  }

  @Test
  void shouldGiveAFileTheSameIdWhereverItIsNamedFrom() throws IOException {
    Path file = write("a.txt", "one");
    Path around = directory.resolve("b").resolve("..").resolve("a.txt");

    assertThat(read(new FeedSource.TextFiles("math", around, FeedSource.Split.WHOLE)))
        .isEqualTo(read(new FeedSource.TextFiles("math", file, FeedSource.Split.WHOLE)));
  }

  @Test
  void shouldSplitATextAtBlankLines() throws IOException {
    Path file = write("a.txt", "\n\none\nstill one\n \t\n\r\ntwo\r\n\n");

    assertThat(read(new FeedSource.TextFiles("math", file, FeedSource.Split.BLANK_LINES)))
        .containsExactly("math|file|" + file + "#0|one\nstill one", "math|file|" + file + "#1|two");
  }

  @Test
  void shouldReadADirectoryDeepAndInOrder() throws IOException {
    Path b = write("b.txt", "b");
    Path deep = write("a/z/deep.txt", "deep");
    Path a = write("a/first.txt", "a");
    Files.createDirectories(directory.resolve("empty"));
    Files.createSymbolicLink(directory.resolve("loop"), directory);

    assertThat(read(new FeedSource.TextFiles("math", directory, FeedSource.Split.WHOLE)))
        .containsExactly(
            "math|file|" + a + "#0|a",
            "math|file|" + deep + "#0|deep",
            "math|file|" + b + "#0|b",
            directory.resolve("loop") + "|unreadable");
  }

  @Test
  void shouldGoOnAfterFilesThatCanNotBeUsed() throws IOException {
    Path bad = directory.resolve("bad.txt");
    Files.write(bad, new byte[] {'a', (byte) 0xC3, '('});
    Path empty = write("empty.txt", "");
    Path good = write("good.txt", "good");
    Path large = write("large.txt", "x".repeat(61));

    assertThat(read(new FeedSource.TextFiles("math", directory, FeedSource.Split.WHOLE)))
        .containsExactly(
            bad + "|invalid-utf-8",
            empty + "|empty-text",
            "math|file|" + good + "#0|good",
            large + "|document-too-large");
  }

  @Test
  void shouldSayOnceThatAFileDoesNotExist() throws IOException {
    Path missing = directory.resolve("missing");

    assertThat(read(new FeedSource.TextFiles("math", missing, FeedSource.Split.WHOLE)))
        .containsExactly(missing + "|unreadable");
    assertThat(read(new FeedSource.JsonLines(missing))).containsExactly(missing + "|unreadable");
  }

  @Test
  void shouldNameANamelessTextByItsContentAndOrdinal() throws IOException {
    FeedSource same = new FeedSource.TextStream("math", stream("a\n\nb"), FeedSource.Split.WHOLE);
    FeedSource again = new FeedSource.TextStream("math", stream("a\n\nb"), FeedSource.Split.WHOLE);
    FeedSource other = new FeedSource.TextStream("math", stream("c"), FeedSource.Split.WHOLE);

    List<String> first = read(same);

    assertThat(first).singleElement().asString().startsWith("math|stream|");
    assertThat(read(again)).isEqualTo(first);
    assertThat(read(other).get(0).split("\\|")[2]).isNotEqualTo(first.get(0).split("\\|")[2]);
  }

  @Test
  void shouldReadJsonLinesAndSetAsideWhatIsNone() throws IOException {
    Path file =
        write(
            "docs.jsonl",
            """
            {"domain": "math", "id": "x/1", "text": "one"}
            {"domain": "novel", "text": "no id", "more": {"a": [1]}}
            {"domain": "math", "id": 7, "text": "seven"}

            {"domain": "poetry", "text": "x"}
            {"domain": "math", "text": ""}
            {"domain": "math", "text": 3}
            {"domain": "math"}
            {"text": "x"}
            {"domain": "math", "text": "x"
            {"domain": "math", "text": "x"} {}
            {"domain": "math", "domain": "novel", "text": "x"}
            ["math"]
            {"domain": "math", "text": "\\ud800"}
            {"domain": "math", "text": "much more than the sixty bytes that are allowed"}
            {"domain": "math", "text": "last"}""");

    assertThat(read(new FeedSource.JsonLines(file)))
        .containsExactly(
            "math|jsonl:docs.jsonl|math/x/1|one",
            "novel|jsonl:docs.jsonl|" + file + "#2|no id",
            "math|jsonl:docs.jsonl|math/7|seven",
            file + ":5|unknown-domain",
            file + ":6|empty-text",
            file + ":7|malformed-line",
            file + ":8|malformed-line",
            file + ":9|malformed-line",
            file + ":10|malformed-line",
            file + ":11|malformed-line",
            file + ":12|malformed-line",
            file + ":13|malformed-line",
            file + ":14|invalid-utf-8",
            file + ":15|document-too-large",
            "math|jsonl:docs.jsonl|" + file + "#16|last");
  }

  @Test
  void shouldPassOverAByteOrderMarkAndNameTheByteThatIsNotUtf8() throws IOException {
    Path file = directory.resolve("docs.jsonl");
    byte[] good =
        "\uFEFF{\"domain\": \"math\", \"text\": \"x\"}\n".getBytes(StandardCharsets.UTF_8);
    byte[] bad = "{\"domain\": \"math\", \"text\": \"y\"}".getBytes(StandardCharsets.UTF_8);
    bad[28] = (byte) 0xFF;
    try (var out = Files.newOutputStream(file)) {
      out.write(good);
      out.write(bad);
    }

    assertThat(read(new FeedSource.JsonLines(file, "given")))
        .containsExactly("math|jsonl:given|" + file + "#1|x", file + ":2|invalid-utf-8");
  }

  @Test
  void shouldHandOutDocumentsToThoseWhoWantNoRecords() throws IOException {
    Path file =
        write(
            "docs.jsonl",
            """
            {"domain": "math", "id": "a", "text": "one"}
            {"domain": "math"}
            {"domain": "poetry", "text": ""}
            """);
    List<String> documents = new ArrayList<>();
    List<String> setAside = new ArrayList<>();

    DocumentFile.read(
        file,
        new DocumentFile.Sink() {
          @Override
          public void document(String domain, String text) {
            documents.add(domain + "|" + text);
          }

          @Override
          public void setAside(SetAsideDocument document) {
            setAside.add(document.where() + "|" + document.reason());
          }
        });

    assertThat(documents).containsExactly("math|one", "poetry|");
    assertThat(setAside).containsExactly(file + ":2|malformed-line");
  }

  @Test
  void shouldSayOnceThatAStreamBroke() throws IOException {
    InputStream broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("the pipe broke");
          }
        };

    assertThat(read(new FeedSource.JsonStream(broken, "in"))).containsExactly("-|unreadable");
  }
}
