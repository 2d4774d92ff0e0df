package io.dume.models;

import java.util.Arrays;
import java.util.List;

/**
 * What a router's gates scored for the tokens of a text.
 *
 * @param experts names, in the order of the gates' rows
 * @param layers for each gate (tokens × experts), row-major; not copied
 */
public record TokenScores(List<String> experts, List<float[]> layers) {

  /**
   * @throws IllegalArgumentException if there is no layer, or layers have other numbers of tokens
   */
  public TokenScores {
    experts = List.copyOf(experts);
    layers = List.copyOf(layers);
    int length = layers.isEmpty() ? -1 : layers.get(0).length;
    if (experts.isEmpty()
        || length % experts.size() != 0
        || layers.stream().anyMatch(layer -> layer.length != length)) {
      throw new IllegalArgumentException(
          "%d layers, the first of %d scores, for %d experts are no scores of a text"
              .formatted(layers.size(), length, experts.size()));
    }
  }

  /** Returns how many tokens were scored. */
  public int tokens() {
    return layers.get(0).length / experts.size();
  }

  /** Returns the scores of all tokens but the first ones. */
  public TokenScores from(int token) {
    int first = token * experts.size();
    return new TokenScores(
        experts,
        layers.stream().map(layer -> Arrays.copyOfRange(layer, first, layer.length)).toList());
  }
}
