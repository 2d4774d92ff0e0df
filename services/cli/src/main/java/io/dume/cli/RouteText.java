package io.dume.cli;

import io.dume.feed.SetAsideDocument;
import io.dume.feed.TextFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** Which texts are routed. */
final class RouteText {

  private static final String STDIN = "-";

  @Parameters(
      paramLabel = "TEXT",
      arity = "0..*",
      description = "Texts; - reads standard input, each line a text of its own.")
  private List<String> texts = List.of();

  @Option(
      names = "--jsonl",
      paramLabel = "FILE|-",
      arity = "1..*",
      split = EnvironmentDefaults.SPLIT,
      splitSynopsisLabel = "",
      description =
          "Texts as `dume feed --jsonl` takes them, but \"domain\" may be missing. Where it is there,"
              + " the accuracy is told at the end, by domain, and where its texts went.")
  private List<String> files = List.of();

  /** Refuses no text at all, and standard input more than once. */
  void requireOne(CommandSpec command) {
    if (texts.isEmpty() && files.isEmpty()) {
      throw new ParameterException(
          command.commandLine(), "say what to route: TEXT, - for standard input, or --jsonl FILE");
    }
    if (Stream.concat(texts.stream(), files.stream()).filter(STDIN::equals).count() > 1) {
      throw new ParameterException(
          command.commandLine(),
          "standard input is read once: give one of - and --jsonl -, and give it once");
    }
  }

  /** Whether a person may be typing. */
  boolean fromStandardInput() {
    return texts.contains(STDIN) || files.contains(STDIN);
  }

  /** Reads texts one by one, each when the one before has been dealt with. */
  void forEach(InputStream in, TextFile.Sink sink) throws IOException {
    boolean[] more = {true};
    TextFile.Sink noting =
        new TextFile.Sink() {
          @Override
          public boolean text(TextFile.Text text) throws IOException {
            more[0] = sink.text(text);
            return more[0];
          }

          @Override
          public void setAside(SetAsideDocument document) {
            sink.setAside(document);
          }
        };
    for (int i = 0; more[0] && i < texts.size(); i++) {
      if (texts.get(i).equals(STDIN)) {
        eachLine(in, noting);
      } else {
        noting.text(unlabelled("text " + (i + 1), texts.get(i)));
      }
    }
    for (int i = 0; more[0] && i < files.size(); i++) {
      if (files.get(i).equals(STDIN)) {
        TextFile.read(in, "standard input", noting);
      } else {
        TextFile.read(Path.of(files.get(i)), noting);
      }
    }
  }

  private static void eachLine(InputStream in, TextFile.Sink sink) throws IOException {
    BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    boolean more = true;
    int number = 0;
    for (String line = reader.readLine(); more && line != null; ) {
      number++;
      more = line.isEmpty() || sink.text(unlabelled("standard input:" + number, line));
      line = more ? reader.readLine() : line;
    }
  }

  private static TextFile.Text unlabelled(String where, String text) {
    return new TextFile.Text(where, Optional.empty(), Optional.empty(), text);
  }
}
