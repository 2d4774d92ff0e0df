package io.dume.evaluator;

import io.dume.models.Tokenizer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Held-out text, tokenized and cut once, to be read by one model after another. Immutable once
 * built; a domain's windows keep the order of its documents.
 */
public final class EvaluationSet {
  private final Map<String, List<int[]>> windows;
  private final int context;

  private EvaluationSet(Map<String, List<int[]>> windows, int context) {
    Map<String, List<int[]>> copy = new LinkedHashMap<>();
    windows.forEach((domain, list) -> copy.put(domain, List.copyOf(list)));
    this.windows = Collections.unmodifiableMap(copy);
    this.context = context;
  }

  /** What became of a document. */
  public enum Added {
    /** It is part of the set. */
    TAKEN,
    /** Left out: its domain has its tokens already. */
    ENOUGH,
    /** Left out: the text has no tokens. */
    EMPTY
  }

  /** Collects documents. Not thread-safe. */
  public static final class Builder {
    private final Tokenizer tokenizer;
    private final int context;
    private final int endOfText;
    private final OptionalInt begin;
    private final long tokensPerDomain;
    private final Map<String, List<int[]>> windows = new LinkedHashMap<>();
    private final Map<String, Long> tokens = new LinkedHashMap<>();

    private Builder(Tokenizer tokenizer, int context, long tokensPerDomain) {
      if (context < 2) {
        throw new IllegalArgumentException(
            "evaluation context %d: at least 2, since the first token is not predicted"
                .formatted(context));
      }
      if (tokensPerDomain < 1) {
        throw new IllegalArgumentException(
            "tokens per domain %d: at least 1".formatted(tokensPerDomain));
      }
      this.tokenizer = tokenizer;
      this.context = context;
      this.tokensPerDomain = tokensPerDomain;
      this.begin = tokenizer.beginToken();
      this.endOfText =
          tokenizer
              .endOfText()
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "the model names no end-of-text token: set eos_token_id in config.json"));
    }

    /**
     * Adds a document, whole: what its domain has may exceed the limit by one document.
     *
     * @param domain the document's label
     * @param text the document
     * @return whether it was taken; one of which nothing can be predicted is not
     */
    public Added add(String domain, String text) {
      if (tokens.getOrDefault(domain, 0L) >= tokensPerDomain) {
        return Added.ENOUGH;
      }
      int[] encoded = text.isEmpty() ? new int[0] : tokenizer.encode(text);
      if (encoded.length == 0) {
        return Added.EMPTY;
      }
      int head = begin.isPresent() ? 1 : 0;
      int[] ids = new int[head + encoded.length + 1];
      begin.ifPresent(id -> ids[0] = id);
      System.arraycopy(encoded, 0, ids, head, encoded.length);
      ids[ids.length - 1] = endOfText;
      tokens.merge(domain, (long) ids.length, Long::sum);
      windows.computeIfAbsent(domain, d -> new ArrayList<>()).addAll(Windows.of(ids, context));
      return Added.TAKEN;
    }

    /**
     * The set so far.
     *
     * @return all documents that were added
     */
    public EvaluationSet build() {
      return new EvaluationSet(windows, context);
    }
  }

  /**
   * A set of all documents that are added.
   *
   * @param tokenizer the model's
   * @param context tokens of a window, at least 2
   * @return a builder
   */
  public static Builder builder(Tokenizer tokenizer, int context) {
    return new Builder(tokenizer, context, Long.MAX_VALUE);
  }

  /**
   * A set of the first documents of each domain.
   *
   * @param tokenizer the model's
   * @param context tokens of a window, at least 2
   * @param tokensPerDomain a domain with this many tokens takes no further document
   * @return a builder
   */
  public static Builder builder(Tokenizer tokenizer, int context, long tokensPerDomain) {
    return new Builder(tokenizer, context, tokensPerDomain);
  }

  /**
   * The domains, in the order in which they came.
   *
   * @return domains with at least one document, of which something can be predicted
   */
  public List<String> domains() {
    return List.copyOf(windows.keySet());
  }

  /**
   * The tokens of a window.
   *
   * @return at least 2
   */
  public int context() {
    return context;
  }

  /**
   * The tokens of all windows.
   *
   * @return at least 2 for each domain
   */
  public long tokens() {
    return windows.values().stream().flatMap(List::stream).mapToLong(ids -> ids.length).sum();
  }

  List<int[]> windows(String domain) {
    return windows.get(domain);
  }
}
