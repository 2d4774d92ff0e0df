package io.dume.cli;

import io.dume.models.Sampling;
import io.dume.models.TextGeneration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** How tokens are chosen, and where a text ends. */
final class SamplingOptions {

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "200",
      description =
          "Tokens to write at most; the model may end the text before, and does where its positions"
              + " are used up. Default: ${DEFAULT-VALUE}.")
  private int maxTokens;

  @Option(
      names = "--stop",
      paramLabel = "TEXT",
      split = EnvironmentDefaults.SPLIT,
      splitSynopsisLabel = "",
      description =
          "Ends the text before this, which is not part of it; may be repeated. \\n is a line end, \\t"
              + " a tab, \\\\ a backslash.")
  private List<String> stops = new ArrayList<>();

  @Option(
      names = "--sampling-temperature",
      paramLabel = "T",
      defaultValue = "0",
      description =
          "Draws tokens with the model's probabilities, sharper the lower it is; 0 takes the most"
              + " probable token each time. Default: ${DEFAULT-VALUE}.")
  private double temperature;

  @Option(
      names = "--sampling-top-k",
      paramLabel = "N",
      defaultValue = "2147483647",
      description = "Draws from the N most probable tokens alone. Default: all.")
  private int topK;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      defaultValue = "1",
      description =
          "Draws from the fewest most probable tokens that together have the probability P. Default:"
              + " ${DEFAULT-VALUE}, all.")
  private double topP;

  @Option(
      names = "--repetition-penalty",
      paramLabel = "X",
      defaultValue = "1",
      description =
          "Makes tokens that were there less probable, those of the prompt too: 1.1 a little, 1.5 a"
              + " lot. Default: ${DEFAULT-VALUE}, not at all.")
  private double repetitionPenalty;

  /**
   * How tokens are chosen.
   *
   * @throws IllegalArgumentException naming the number that is not possible
   */
  Sampling sampling(long seed) {
    return new Sampling(temperature, topK, topP, repetitionPenalty, seed);
  }

  /**
   * Where a text ends.
   *
   * @throws IllegalArgumentException naming what is not possible
   */
  TextGeneration.Limits limits() {
    return new TextGeneration.Limits(
        maxTokens, stops.stream().map(SamplingOptions::unescaped).toList());
  }

  private static String unescaped(String text) {
    StringBuilder plain = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != '\\' || i + 1 == text.length()) {
        plain.append(c);
        continue;
      }
      char escaped = text.charAt(++i);
      switch (escaped) {
        case 'n' -> plain.append('\n');
        case 't' -> plain.append('\t');
        case '\\' -> plain.append('\\');
        default -> plain.append(c).append(escaped);
      }
    }
    return plain.toString();
  }
}
