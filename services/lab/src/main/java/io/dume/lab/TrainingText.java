package io.dume.lab;

import io.dume.models.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Labelled text to learn from, tokenized once: each document its ids and the end-of-text token,
 * with a begin token only where the tokenizer adds one itself, as the feed makes them. Immutable
 * once built.
 */
public final class TrainingText {

  private final Map<String, List<int[]>> documents;

  private TrainingText(Map<String, List<int[]>> documents) {
    Map<String, List<int[]>> copy = new LinkedHashMap<>();
    documents.forEach((domain, list) -> copy.put(domain, List.copyOf(list)));
    this.documents = Collections.unmodifiableMap(copy);
  }

  /** Collects documents. Not thread-safe. */
  public static final class Builder {
    private final Tokenizer tokenizer;
    private final int endOfText;
    private final long tokensPerDomain;
    private final Map<String, List<int[]>> documents = new LinkedHashMap<>();
    private final Map<String, Long> tokens = new LinkedHashMap<>();

    private Builder(Tokenizer tokenizer, long tokensPerDomain) {
      this.tokenizer = tokenizer;
      this.tokensPerDomain = tokensPerDomain;
      this.endOfText =
          tokenizer
              .endOfText()
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "the model names no end-of-text token: set eos_token_id in config.json"));
    }

    /**
     * Adds a document, whole, unless its domain has its tokens already or the text has none.
     *
     * @param domain the document's label
     * @param text the document
     */
    public void add(String domain, String text) {
      if (tokens.getOrDefault(domain, 0L) >= tokensPerDomain || text.isEmpty()) {
        return;
      }
      int[] body = tokenizer.encode(text);
      int head = tokenizer.beginToken().isPresent() ? 1 : 0;
      int[] ids = new int[head + body.length + 1];
      tokenizer.beginToken().ifPresent(id -> ids[0] = id);
      System.arraycopy(body, 0, ids, head, body.length);
      ids[ids.length - 1] = endOfText;
      documents.computeIfAbsent(domain, d -> new ArrayList<>()).add(ids);
      tokens.merge(domain, (long) ids.length, Long::sum);
    }

    /** Returns the text so far. */
    public TrainingText build() {
      return new TrainingText(documents);
    }
  }

  /**
   * Begins.
   *
   * @param tokenizer the model's
   * @param tokensPerDomain a domain with this many tokens takes no further document
   */
  public static Builder builder(Tokenizer tokenizer, long tokensPerDomain) {
    return new Builder(tokenizer, tokensPerDomain);
  }

  /** Returns the domains, in the order in which they came. */
  public List<String> domains() {
    return List.copyOf(documents.keySet());
  }

  /** Returns the tokens of a domain. */
  long tokens(String domain) {
    return documents.get(domain).stream().mapToLong(ids -> ids.length).sum();
  }

  /**
   * Returns some of a domain's tokens, cut as the feed cuts them.
   *
   * @param contextDim the longest sequence
   * @param start how many tokens to leave out before
   * @param end the place behind the last, as far as the text goes: the last sequence is cut short
   */
  List<int[]> sequences(String domain, int contextDim, long start, long end) {
    List<int[]> sequences = new ArrayList<>();
    long first = 0;
    for (int[] ids : documents.get(domain)) {
      int from = (int) Math.max(0, Math.min(ids.length, start - first));
      int last = (int) Math.max(from, Math.min(ids.length, end - first));
      for (int at = from; at < last; at += contextDim) {
        sequences.add(Arrays.copyOfRange(ids, at, Math.min(last, at + contextDim)));
      }
      first += ids.length;
    }
    return sequences;
  }

  /**
   * Draws windows for training: each of a random domain, from a random place of its documents put
   * end to end.
   *
   * @param count how many
   * @param length tokens of each
   */
  List<int[]> windows(int count, int length, SplittableRandom random) {
    List<String> domains = domains();
    List<int[]> windows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String domain = domains.get(random.nextInt(domains.size()));
      long places = tokens(domain) - length + 1;
      if (places < 1) {
        throw new IllegalArgumentException(
            "domain %s has %d tokens to train with, a window alone takes %d: give more text or a shorter window"
                .formatted(domain, tokens(domain), length));
      }
      windows.add(window(domain, random.nextLong(places), length));
    }
    return windows;
  }

  private int[] window(String domain, long place, int length) {
    int[] window = new int[length];
    int filled = 0;
    long skip = place;
    for (int[] ids : documents.get(domain)) {
      if (skip >= ids.length) {
        skip -= ids.length;
      } else if (filled < length) {
        int count = (int) Math.min(length - filled, ids.length - skip);
        System.arraycopy(ids, (int) skip, window, filled, count);
        filled += count;
        skip = 0;
      }
    }
    return window;
  }
}
