package io.dume.models;

/**
 * How the next token is chosen among those that a model expects: first the logits of tokens that
 * were there are made smaller, then they are divided by the temperature, then only the best {@code
 * topK} stay, of these the fewest that have {@code topP} together, and one is drawn.
 *
 * @param temperature 0 takes the most probable token and draws nothing; 1 draws as the model says;
 *     at least 0
 * @param topK how many tokens one is drawn from at most; at least 1
 * @param topP how probable those have to be together, above 0 and at most 1
 * @param repetitionPenalty positive logits of tokens that were there are divided by it and negative
 *     ones multiplied (arXiv 1909.05858); 1 leaves them as they are; positive
 * @param seed of what is drawn: the same seed, model and prompt give the same text
 */
public record Sampling(
    double temperature, int topK, double topP, double repetitionPenalty, long seed) {

  /** The most probable token, always. */
  public static final Sampling GREEDY = new Sampling(0, Integer.MAX_VALUE, 1, 1, 0);

  /** Checks each number. */
  public Sampling {
    if (!(temperature >= 0) || Double.isInfinite(temperature)) {
      throw new IllegalArgumentException(
          "sampling temperature = " + temperature + ": must be a number of at least 0");
    }
    if (topK < 1) {
      throw new IllegalArgumentException("sampling top-k = " + topK + ": must be at least 1");
    }
    if (!(topP > 0 && topP <= 1)) {
      throw new IllegalArgumentException("top-p = " + topP + ": must be above 0 and at most 1");
    }
    if (!(repetitionPenalty > 0) || Double.isInfinite(repetitionPenalty)) {
      throw new IllegalArgumentException(
          "repetition penalty = " + repetitionPenalty + ": must be a positive number, 1 for none");
    }
  }
}
