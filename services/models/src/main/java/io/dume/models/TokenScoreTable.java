package io.dume.models;

import java.util.List;

/**
 * What a router of token embeddings scores for every token of the vocabulary, computed once: the
 * embedding of a token is the same wherever it stands, so that scoring a text is looking it up. 4 ·
 * vocabulary · experts bytes on the heap. Immutable.
 */
public final class TokenScoreTable {

  private final List<String> experts;
  private final float[] scores;

  TokenScoreTable(TokenScores vocabulary) {
    experts = vocabulary.experts();
    scores = vocabulary.layers().get(0);
  }

  /** Returns the experts, in the order of the gate's rows. */
  public List<String> experts() {
    return experts;
  }

  /**
   * Looks up the tokens of a text, of any length.
   *
   * @throws IllegalArgumentException if an id is outside the vocabulary
   */
  public TokenScores of(int[] ids) {
    int columns = experts.size();
    float[] found = new float[ids.length * columns];
    for (int t = 0; t < ids.length; t++) {
      if (ids[t] < 0 || ids[t] >= scores.length / columns) {
        throw new IllegalArgumentException(
            "token id %d at position %d: outside the vocabulary of %d"
                .formatted(ids[t], t, scores.length / columns));
      }
      System.arraycopy(scores, ids[t] * columns, found, t * columns, columns);
    }
    return new TokenScores(experts, List.of(found));
  }
}
