package io.dume.models;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How the tokens of a text decide which expert it belongs to, as in IR3DE (arXiv 2606.06098), which
 * takes the most frequent choice of the tokens, or the mean of their scores. Immutable.
 *
 * @param by what is counted
 * @param confident the share of the tokens that vote, those whose best score is the furthest above
 *     the second; above 0, at most 1, which is all. Of each layer that many, at least one
 */
public record TextVote(By by, double confident) {

  /** What is counted. */
  public enum By {
    /** For each token and layer the expert with the largest score, one vote each. */
    CHOICES,
    /** The scores themselves, summed. */
    SCORES
  }

  /**
   * @throws IllegalArgumentException if the share is not one
   */
  public TextVote {
    if (!(confident > 0 && confident <= 1)) {
      throw new IllegalArgumentException(
          "confident = %s: a share of the tokens above 0, at most 1".formatted(confident));
    }
  }

  /**
   * What a text's tokens decided.
   *
   * @param experts names, in the order of the gates' rows
   * @param shares by choices of all votes, by scores the mean score; one an expert
   * @param order the experts' rows, the best first; of equals the earlier one
   * @param votes how many there were: tokens × layers, or as many as were confident
   */
  public record Result(List<String> experts, List<Double> shares, List<Integer> order, long votes) {

    /** Returns the expert that the text belongs to. */
    public String expert() {
      return experts.get(order.get(0));
    }

    /** Returns what an expert got. */
    public double share(int place) {
      return shares.get(order.get(place));
    }
  }

  /**
   * Counts.
   *
   * @throws IllegalArgumentException if there are no tokens
   */
  public Result of(TokenScores text) {
    if (text.tokens() == 0) {
      throw new IllegalArgumentException("a text without tokens belongs to no expert");
    }
    int experts = text.experts().size();
    double[] sums = new double[experts];
    long votes = 0;
    for (float[] layer : text.layers()) {
      for (int token : voters(layer, text.tokens(), experts)) {
        int from = token * experts;
        if (by == By.CHOICES) {
          sums[best(layer, from, experts)]++;
        } else {
          for (int e = 0; e < experts; e++) {
            sums[e] += layer[from + e];
          }
        }
        votes++;
      }
    }
    double all = votes;
    List<Double> shares = Arrays.stream(sums).map(sum -> sum / all).boxed().toList();
    List<Integer> order =
        IntStream.range(0, experts)
            .boxed()
            .sorted(Comparator.comparing(shares::get).reversed())
            .toList();
    return new Result(text.experts(), shares, order, votes);
  }

  /** Returns the tokens that vote, in no particular order; of equals the earlier ones. */
  private int[] voters(float[] layer, int tokens, int experts) {
    int count = (int) Math.ceil(confident * tokens);
    if (count == tokens || experts == 1) {
      return IntStream.range(0, count).toArray();
    }
    double[] margins = new double[tokens];
    for (int t = 0; t < tokens; t++) {
      margins[t] = margin(layer, t * experts, experts);
    }
    return IntStream.range(0, tokens)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer t) -> -margins[t]))
        .limit(count)
        .mapToInt(t -> t)
        .toArray();
  }

  private static int best(float[] scores, int from, int experts) {
    int best = 0;
    for (int e = 1; e < experts; e++) {
      if (scores[from + e] > scores[from + best]) {
        best = e;
      }
    }
    return best;
  }

  private static double margin(float[] scores, int from, int experts) {
    int best = best(scores, from, experts);
    float second = Float.NEGATIVE_INFINITY;
    for (int e = 0; e < experts; e++) {
      if (e != best) {
        second = Math.max(second, scores[from + e]);
      }
    }
    return (double) scores[from + best] - second;
  }
}
