package io.dume.models;

import java.util.Arrays;
import java.util.BitSet;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Chooses tokens as a {@link Sampling} says. It remembers which tokens were there, those that it
 * chose and those that it was told of, and where its random numbers stand: one for each text. Not
 * thread-safe.
 */
public final class Sampler {

  private final Sampling sampling;
  private final SplittableRandom random;
  private final BitSet seen = new BitSet();

  /** Makes a sampler at the beginning of a text. */
  public Sampler(Sampling sampling) {
    this.sampling = sampling;
    this.random = new SplittableRandom(sampling.seed());
  }

  /** Tells of tokens that stand in the text, for the penalty of repetitions. */
  public void saw(int... ids) {
    for (int id : ids) {
      seen.set(id);
    }
  }

  /**
   * Chooses the next token. Of equal logits the lower id counts as the better.
   *
   * @param logits by token id; stays as it is
   * @return the id
   * @throws IllegalArgumentException if there are none, or the best of them is not finite
   */
  public int next(float[] logits) {
    float[] scores = penalised(logits);
    int best = best(scores);
    int chosen = sampling.temperature() == 0 ? best : draw(scores, scores[best]);
    seen.set(chosen);
    return chosen;
  }

  private float[] penalised(float[] logits) {
    float[] scores = new float[logits.length];
    float penalty = (float) sampling.repetitionPenalty();
    for (int id = 0; id < scores.length; id++) {
      float logit = logits[id];
      if (seen.get(id)) {
        logit = logit > 0 ? logit / penalty : logit * penalty;
      }
      scores[id] = logit;
    }
    return scores;
  }

  private static int best(float[] scores) {
    int best = -1;
    float highest = Float.NEGATIVE_INFINITY;
    for (int id = 0; id < scores.length; id++) {
      if (scores[id] > highest) {
        highest = scores[id];
        best = id;
      }
      if (Float.isNaN(scores[id])) {
        throw new IllegalArgumentException(
            "the logit of token " + id + " is NaN: the model or its router is broken");
      }
    }
    if (best < 0 || highest == Float.POSITIVE_INFINITY) {
      throw new IllegalArgumentException(
          "the highest of %d logits is not finite: the model or its router is broken"
              .formatted(scores.length));
    }
    return best;
  }

  private int draw(float[] scores, float highest) {
    double[] weights = new double[scores.length];
    for (int id = 0; id < scores.length; id++) {
      weights[id] = Math.exp(((double) scores[id] - highest) / sampling.temperature());
    }
    int[] candidates = candidates(scores);
    double all = 0;
    for (int id : candidates) {
      all += weights[id];
    }
    int kept = 0;
    double total = 0;
    while (kept < candidates.length && (kept == 0 || total < sampling.topP() * all)) {
      total += weights[candidates[kept++]];
    }
    double left = random.nextDouble() * total;
    for (int i = 0; i < kept; i++) {
      left -= weights[candidates[i]];
      if (left < 0) {
        return candidates[i];
      }
    }
    // Only rounding leads here.
    return candidates[0];
  }

  /**
   * Returns the ids of the best logits, best first; all of them in any order if all may be drawn.
   */
  private int[] candidates(float[] scores) {
    if (sampling.topK() >= scores.length && sampling.topP() == 1) {
      return IntStream.range(0, scores.length).toArray();
    }
    long[] order = new long[scores.length];
    for (int id = 0; id < order.length; id++) {
      int bits = Float.floatToIntBits(scores[id]);
      // As integers in the order of the numbers; turned round, so that the highest comes first.
      int ascending = bits ^ ((bits >> 31) & Integer.MAX_VALUE);
      order[id] = (long) ~ascending << Integer.SIZE | id;
    }
    Arrays.sort(order);
    return Arrays.stream(order).limit(sampling.topK()).mapToInt(key -> (int) key).toArray();
  }
}
