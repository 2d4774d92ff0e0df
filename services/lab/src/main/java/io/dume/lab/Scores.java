package io.dume.lab;

import java.util.Locale;

/** What a gate's scores are made of; all from the same statistics. */
enum Scores {
  /** W itself: the ridge regression on the one-hot domains. */
  RAW,
  /** W with each column divided by its norm: the paper's. */
  NORMALISED,
  /**
   * The linear discriminant: the log-likelihood ratios of normal distributions with the domains'
   * means and their pooled covariance, with equal priors.
   */
  DISCRIMINANT,
  /** The same with the domains' shares of the tokens as priors. */
  DISCRIMINANT_WITH_PRIORS;

  String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
