package io.dume.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** What a model is to go on from. */
final class PromptOptions {

  private static final String STDIN = "-";

  @Option(names = "--prompt", paramLabel = "TEXT", description = "What the text begins with.")
  private Optional<String> prompt = Optional.empty();

  @Option(
      names = "--prompt-file",
      paramLabel = "FILE|-",
      description =
          "The same from a file, or from standard input; a line end at its end does not belong to it.")
  private Optional<String> file = Optional.empty();

  @Option(
      names = "--prompts",
      paramLabel = "FILE|-",
      description =
          "Many of them, one a line; from standard input each is answered before the next one is"
              + " read. Empty lines are passed over.")
  private Optional<String> lines = Optional.empty();

  /** Takes a prompt; false ends it. */
  @FunctionalInterface
  interface Sink {
    /**
     * @return whether another prompt is wanted
     */
    boolean prompt(String text) throws IOException;
  }

  /** Refuses none, and more than one of the options. */
  void requireOne(CommandSpec command) {
    int given =
        (prompt.isPresent() ? 1 : 0) + (file.isPresent() ? 1 : 0) + (lines.isPresent() ? 1 : 0);
    if (given != 1) {
      throw new ParameterException(
          command.commandLine(),
          "say what the text begins with: one of --prompt TEXT, --prompt-file FILE, --prompts FILE");
    }
  }

  /** Whether there may be several prompts. */
  boolean several() {
    return lines.isPresent();
  }

  /** Whether a person may be typing them. */
  boolean fromStandardInput() {
    return lines.filter(STDIN::equals).isPresent();
  }

  /** Reads prompts one by one, each when the one before has been dealt with. */
  void forEach(InputStream in, Sink sink) throws IOException {
    if (prompt.isPresent()) {
      sink.prompt(prompt.get());
    } else if (file.isPresent()) {
      sink.prompt(whole(file.get(), in).replaceFirst("\\r?\\n\\z", ""));
    } else {
      String from = lines.orElseThrow();
      if (from.equals(STDIN)) {
        eachLine(in, sink);
      } else {
        try (InputStream opened = Files.newInputStream(Path.of(from))) {
          eachLine(opened, sink);
        }
      }
    }
  }

  private static String whole(String from, InputStream in) throws IOException {
    return from.equals(STDIN)
        ? new String(in.readAllBytes(), StandardCharsets.UTF_8)
        : Files.readString(Path.of(from));
  }

  private static void eachLine(InputStream in, Sink sink) throws IOException {
    BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    boolean more = true;
    for (String line = reader.readLine(); more && line != null; ) {
      more = line.isEmpty() || sink.prompt(line);
      line = more ? reader.readLine() : line;
    }
  }
}
