package io.dume.cli;

import java.util.ArrayList;
import java.util.List;

/**
 * Which expert wrote which token: the one that had most of the token before it, in all layers
 * together. Not thread-safe.
 */
final class Authorship {

  /** Layers that a table has room for. */
  private static final int SHOWN_LAYERS = 12;

  private final List<String> experts;
  private final List<Integer> authors = new ArrayList<>();
  private double[][] sums = {};

  /**
   * @param experts their names, in the order of the shares; at least one
   */
  Authorship(List<String> experts) {
    this.experts = experts;
  }

  /**
   * Takes the next token.
   *
   * @param shares by layer and expert
   */
  void token(float[][] shares) {
    if (sums.length == 0) {
      sums = new double[shares.length][experts.size()];
    }
    double[] votes = new double[experts.size()];
    for (int layer = 0; layer < shares.length; layer++) {
      for (int e = 0; e < votes.length; e++) {
        votes[e] += shares[layer][e];
        sums[layer][e] += shares[layer][e];
      }
    }
    int author = 0;
    for (int e = 1; e < votes.length; e++) {
      author = votes[e] > votes[author] ? e : author;
    }
    authors.add(author);
  }

  /** Returns the index of the expert that wrote a token; of equal ones the first. */
  int author(int token) {
    return authors.get(token);
  }

  /** Returns how many tokens an expert wrote. */
  long tokens(int expert) {
    return authors.stream().filter(author -> author == expert).count();
  }

  /** Returns an expert's mean share of a token in one layer; 0 where there are no tokens. */
  double share(int expert, int layer) {
    return authors.isEmpty() ? 0 : sums[layer][expert] / authors.size();
  }

  /** Returns an expert's mean share of a token, of all layers. */
  double share(int expert) {
    double sum = 0;
    for (int layer = 0; layer < sums.length; layer++) {
      sum += share(expert, layer) / sums.length;
    }
    return sum;
  }

  List<String> experts() {
    return experts;
  }

  /** Returns a line of headings and one for each expert, in their order. */
  Table table() {
    int layers = sums.length > SHOWN_LAYERS ? 0 : sums.length;
    List<String> header = new ArrayList<>(List.of("expert", "tokens", "share"));
    for (int layer = 0; layer < layers; layer++) {
      header.add("layer " + layer);
    }
    Table table = new Table(header.toArray(String[]::new));
    for (int e = 0; e < experts.size(); e++) {
      List<Object> row = new ArrayList<>(List.of(experts.get(e), tokens(e), figure(share(e))));
      for (int layer = 0; layer < layers; layer++) {
        row.add(figure(share(e, layer)));
      }
      table.row(row.toArray());
    }
    return table;
  }

  private static String figure(double share) {
    return "%.2f".formatted(share);
  }
}
