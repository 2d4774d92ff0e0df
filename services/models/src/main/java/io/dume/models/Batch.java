package io.dume.models;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Sequences that go through the model together. Their tokens stand packed one after the other;
 * attention alone may lay them out otherwise, as {@link Attention} says. So no pad ever has a
 * feature, a gate or a logit, and since attention is causal none is seen by a token either.
 *
 * @param ids the packed token ids
 * @param lengths the sequences' lengths, in order
 * @param rows how many sequences
 * @param length the longest of them
 */
record Batch(long[] ids, int[] lengths, int rows, int length) {

  /**
   * Tokens that one forward pass takes at most, unless one sequence alone is longer. Sequences
   * count as if they were padded to the longest, on devices too where no pad is computed: so the
   * grouping is a function of the lengths, the same on all.
   */
  static final int MAX_TOKENS = 8192;

  /** Tokens from which on more of them do not make a product much faster. */
  private static final int ENOUGH_TOKENS = 512;

  static Batch of(List<int[]> sequences) {
    int[] lengths = sequences.stream().mapToInt(sequence -> sequence.length).toArray();
    int longest = 0;
    int tokens = 0;
    for (int length : lengths) {
      longest = Math.max(longest, length);
      tokens += length;
    }
    long[] ids = new long[tokens];
    int packed = 0;
    for (int[] sequence : sequences) {
      for (int id : sequence) {
        ids[packed++] = id;
      }
    }
    return new Batch(ids, lengths, lengths.length, longest);
  }

  /**
   * Returns the tokens of a record that count: the first {@code contextDim} of each sequence.
   *
   * @throws IllegalArgumentException if there can't be any
   */
  static List<int[]> counted(int[][] sequences, int contextDim) {
    if (contextDim < 1 || sequences.length == 0) {
      throw new IllegalArgumentException(
          sequences.length + " sequences with context_dim " + contextDim + ": nothing to extract");
    }
    return Arrays.stream(sequences)
        .map(ids -> ids.length > contextDim ? Arrays.copyOf(ids, contextDim) : ids)
        .toList();
  }

  int tokens() {
    return ids.length;
  }

  /** Returns where sequences end among the packed tokens: 0, and the end of each; (rows + 1). */
  long[] ends() {
    long[] ends = new long[rows + 1];
    for (int row = 0; row < rows; row++) {
      ends[row + 1] = ends[row] + lengths[row];
    }
    return ends;
  }

  /**
   * Returns for each place of a grid, padded on the right, the packed token that stands there; a
   * pad repeats the sequence's last token.
   */
  long[] grid() {
    long[] grid = new long[rows * length];
    int packed = 0;
    for (int row = 0; row < rows; row++) {
      for (int t = 0; t < length; t++) {
        grid[row * length + t] = packed + Math.min(t, lengths[row] - 1);
      }
      packed += lengths[row];
    }
    return grid;
  }

  /** Returns for each packed token its place in the {@link #grid}. */
  long[] places() {
    long[] places = new long[ids.length];
    int packed = 0;
    for (int row = 0; row < rows; row++) {
      for (int t = 0; t < lengths[row]; t++) {
        places[packed++] = (long) row * length + t;
      }
    }
    return places;
  }

  /** Whether the grid has pads; if not, the packed tokens are the grid. */
  boolean padded() {
    return ids.length < rows * length;
  }

  /**
   * Groups sequences by length, so that a grid has few pads: the longest first, and a new run where
   * one is shorter than three quarters of its run's longest and the run is large enough for
   * products to be fast. The grouping depends on the lengths and their order alone.
   *
   * @return lists of indexes; each run fits into one forward pass, unless one sequence alone does
   *     not
   */
  static List<List<Integer>> byLength(List<int[]> sequences) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < sequences.size(); i++) {
      order.add(i);
    }
    order.sort(Comparator.comparingInt((Integer i) -> sequences.get(i).length).reversed());
    List<List<Integer>> runs = new ArrayList<>();
    List<Integer> run = new ArrayList<>();
    int longest = 0;
    int tokens = 0;
    for (int i : order) {
      int length = sequences.get(i).length;
      boolean full = (long) longest * (run.size() + 1) > MAX_TOKENS;
      boolean unlike = 4L * length < 3L * longest && tokens >= ENOUGH_TOKENS;
      if (!run.isEmpty() && (full || unlike)) {
        runs.add(run);
        run = new ArrayList<>();
      }
      if (run.isEmpty()) {
        longest = length;
        tokens = 0;
      }
      run.add(i);
      tokens += length;
    }
    if (!run.isEmpty()) {
      runs.add(run);
    }
    return runs;
  }

  /**
   * Splits sequences into runs that each fit into one forward pass. The split depends on the
   * lengths alone, never on what memory happens to be free.
   *
   * @return lists of indexes, in order
   */
  static List<List<Integer>> split(List<int[]> sequences) {
    List<List<Integer>> runs = new ArrayList<>();
    List<Integer> run = new ArrayList<>();
    int longest = 0;
    for (int i = 0; i < sequences.size(); i++) {
      int grown = Math.max(longest, sequences.get(i).length);
      if (!run.isEmpty() && (long) grown * (run.size() + 1) > MAX_TOKENS) {
        runs.add(run);
        run = new ArrayList<>();
        grown = sequences.get(i).length;
      }
      run.add(i);
      longest = grown;
    }
    if (!run.isEmpty()) {
      runs.add(run);
    }
    return runs;
  }
}
