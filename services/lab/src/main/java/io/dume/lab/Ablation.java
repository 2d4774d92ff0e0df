package io.dume.lab;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What is varied while all else stays. */
public enum Ablation {
  /** Tokens of each domain that gates are solved from. */
  TOKENS,
  /** Experts that a token goes through. */
  K,
  /** What divides the scores before the softmax over two chosen experts. */
  TEMPERATURE,
  /** The ridge penalty. */
  LAMBDA,
  /** The number of experts, with the domains that are theirs. */
  EXPERTS,
  /** Tokens of a sequence that count. */
  CONTEXT_DIM,
  /** The numbers that statistics are summed in. */
  PRECISION,
  /** Whether the columns of W are divided by their norms. */
  NORMALISATION,
  /** How much a layer remembers of the tokens before. */
  SMOOTHING,
  /** What scores are made of. */
  SCORES,
  /** How many times the tokens of the domain with the least the one with the most has. */
  IMBALANCE;

  /** Returns the name in files and options. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * Finds an ablation by its name.
   *
   * @throws IllegalArgumentException naming all there are
   */
  public static Ablation of(String label) {
    return Arrays.stream(values())
        .filter(ablation -> ablation.label().equals(label.strip().toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "no ablation %s: there are %s"
                        .formatted(
                            label,
                            Arrays.stream(values())
                                .map(Ablation::label)
                                .collect(Collectors.joining(", ")))));
  }
}
