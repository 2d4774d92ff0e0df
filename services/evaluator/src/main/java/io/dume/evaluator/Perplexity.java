package io.dume.evaluator;

/**
 * How well a model predicts some text, as a sum that can be added to.
 *
 * @param negativeLogLikelihood the total over the predicted tokens, in nats
 * @param tokens the number of predicted tokens
 */
public record Perplexity(double negativeLogLikelihood, long tokens) {
  /** Of no text. */
  public static final Perplexity NONE = new Perplexity(0, 0);

  public Perplexity {
    if (tokens < 0 || !Double.isFinite(negativeLogLikelihood)) {
      throw new IllegalArgumentException(
          "negative log-likelihood %s over %d tokens: is the model's output finite?"
              .formatted(negativeLogLikelihood, tokens));
    }
  }

  /**
   * The sum of two texts.
   *
   * @param other of another text, by the same model
   * @return of both texts
   */
  public Perplexity plus(Perplexity other) {
    return new Perplexity(
        negativeLogLikelihood + other.negativeLogLikelihood, tokens + other.tokens);
  }

  /**
   * exp(total negative log-likelihood / predicted tokens).
   *
   * @return at least 1 for a proper model
   * @throws IllegalStateException if no token was predicted
   */
  public double value() {
    if (tokens == 0) {
      throw new IllegalStateException("no token was predicted, so there is no perplexity");
    }
    return Math.exp(negativeLogLikelihood / tokens);
  }
}
