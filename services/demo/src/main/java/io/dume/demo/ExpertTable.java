package io.dume.demo;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.dume.demo.DemoAssets.Document;
import io.dume.demo.ModelFiles.Weights;
import io.dume.models.Tokenizer;
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

  private static final int WINDOWS_AT_ONCE = 16;

  /** Keeps the order of domains and experts. */
  public ExpertTable {
    Map<String, Map<String, Double>> copy = new LinkedHashMap<>();
    perplexities.forEach(
        (domain, row) -> copy.put(domain, Collections.unmodifiableMap(new LinkedHashMap<>(row))));
    perplexities = Collections.unmodifiableMap(copy);
  }

  /**
   * Measures experts that {@link DemoTrainer} wrote.
   *
   * @param directory has a model directory for each expert
   * @param experts names of those directories
   * @param documents text, each document counted with its domain's
   * @param context tokens of a window
   */
  public static ExpertTable measure(
      Path directory, List<String> experts, Collection<Document> documents, int context)
      throws IOException {
    Map<String, Map<String, Double>> table = new LinkedHashMap<>();
    for (String expert : experts) {
      Path model = directory.resolve(expert);
      Weights weights = ModelFiles.read(model);
      try (Tokenizer tokenizer = Tokenizer.load(model);
          NDManager manager = NDManager.newBaseManager()) {
        TrainableLlama llama =
            TrainableLlama.of(manager, weights.sizes(), context, weights.values());
        windows(tokenizer, documents, context)
            .forEach(
                (domain, windows) ->
                    table
                        .computeIfAbsent(domain, key -> new LinkedHashMap<>())
                        .put(expert, perplexity(manager, llama, windows, context)));
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

  private static double perplexity(
      NDManager manager, TrainableLlama llama, List<int[]> windows, int context) {
    double sum = 0;
    long tokens = 0;
    for (int from = 0; from < windows.size(); from += WINDOWS_AT_ONCE) {
      List<int[]> some = windows.subList(from, Math.min(windows.size(), from + WINDOWS_AT_ONCE));
      float[] likelihoods = logLikelihoods(manager, llama, some, context);
      for (int row = 0; row < some.size(); row++) {
        for (int i = 0; i < some.get(row).length - 1; i++) {
          sum -= likelihoods[row * (context - 1) + i];
          tokens++;
        }
      }
    }
    return Math.exp(sum / tokens);
  }

  /** Padded on the right, where no token that counts can see it. */
  private static float[] logLikelihoods(
      NDManager manager, TrainableLlama llama, List<int[]> windows, int context) {
    long[] padded = new long[windows.size() * context];
    for (int row = 0; row < windows.size(); row++) {
      int[] window = windows.get(row);
      for (int i = 0; i < window.length; i++) {
        padded[row * context + i] = window[i];
      }
    }
    try (NDManager scratch = manager.newSubManager()) {
      NDArray ids = scratch.create(padded, new Shape(windows.size(), context));
      NDArray likelihoods = llama.logits(ids.get(":, :-1")).logSoftmax(-1);
      return likelihoods.gather(ids.get(":, 1:").expandDims(2), 2).toFloatArray();
    }
  }
}
