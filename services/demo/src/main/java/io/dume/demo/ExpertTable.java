package io.dume.demo;

import io.dume.demo.DemoAssets.Document;
import io.dume.models.DenseModel;
import io.dume.models.Device;
import io.dume.models.Tokenizer;
import io.dume.models.WindowLoss;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Perplexity of every expert on every domain's text: whether each is the best on its own.
 *
 * <p>Perplexity = exp(total negative log-likelihood / predicted tokens) over documents and their
 * end-of-text tokens, in windows that do not overlap; the first token of a window is not predicted.
 *
 * @param perplexities by domain of the text, then by expert
 */
public record ExpertTable(Map<String, Map<String, Double>> perplexities) {

  /** Keeps the order of domains and experts. */
  public ExpertTable {
    Map<String, Map<String, Double>> copy = new LinkedHashMap<>();
    perplexities.forEach(
        (domain, row) -> copy.put(domain, Collections.unmodifiableMap(new LinkedHashMap<>(row))));
    perplexities = Collections.unmodifiableMap(copy);
  }

  /**
   * Measures experts.
   *
   * @param directory has a model directory for each expert
   * @param experts names of those directories
   * @param documents text, each document counted with its domain's
   * @param context tokens of a window
   * @param device where to compute
   */
  public static ExpertTable measure(
      Path directory,
      List<String> experts,
      Collection<Document> documents,
      int context,
      Device device)
      throws IOException {
    Map<String, Map<String, Double>> table = new LinkedHashMap<>();
    for (String expert : experts) {
      Path path = directory.resolve(expert);
      try (Tokenizer tokenizer = Tokenizer.load(path);
          DenseModel model = DenseModel.load(path, device)) {
        windows(tokenizer, documents, context)
            .forEach(
                (domain, windows) ->
                    table
                        .computeIfAbsent(domain, key -> new LinkedHashMap<>())
                        .put(expert, perplexity(model.negativeLogLikelihood(windows))));
      }
    }
    return new ExpertTable(table);
  }

  /** The expert of lowest perplexity on a domain's text. */
  public String best(String domain) {
    return perplexities.get(domain).entrySet().stream()
        .min(Map.Entry.comparingByValue())
        .orElseThrow(() -> new IllegalStateException("no expert was measured on " + domain))
        .getKey();
  }

  /** A Markdown table, a row for each domain's text and a column for each expert. */
  public String toMarkdown() {
    StringBuilder out = new StringBuilder("| text |");
    List<String> experts =
        perplexities.values().stream().findFirst().map(row -> List.copyOf(row.keySet())).stream()
            .flatMap(List::stream)
            .toList();
    experts.forEach(expert -> out.append(" ").append(expert).append(" |"));
    out.append("\n|---|").append("---:|".repeat(experts.size())).append('\n');
    perplexities.forEach(
        (domain, row) -> {
          out.append("| ").append(domain).append(" |");
          String best = best(domain);
          row.forEach(
              (expert, value) ->
                  out.append(
                      String.format(
                          Locale.ROOT, expert.equals(best) ? " **%.2f** |" : " %.2f |", value)));
          out.append('\n');
        });
    return out.toString();
  }

  private static Map<String, List<int[]>> windows(
      Tokenizer tokenizer, Collection<Document> documents, int context) {
    Map<String, List<int[]>> windows = new LinkedHashMap<>();
    for (Document document : documents) {
      int[] ids = TokenStream.ended(tokenizer.encode(document.text()));
      List<int[]> own = windows.computeIfAbsent(document.domain(), key -> new ArrayList<>());
      for (int start = 0; start < ids.length - 1; start += context) {
        own.add(Arrays.copyOfRange(ids, start, Math.min(ids.length, start + context)));
      }
    }
    return windows;
  }

  private static double perplexity(List<WindowLoss> losses) {
    double sum = losses.stream().mapToDouble(WindowLoss::negativeLogLikelihood).sum();
    long tokens = losses.stream().mapToLong(WindowLoss::tokens).sum();
    return Math.exp(sum / tokens);
  }
}
