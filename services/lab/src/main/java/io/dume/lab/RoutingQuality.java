package io.dume.lab;

import io.dume.models.ChoiceListener;
import java.util.Arrays;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;

/**
 * What a mixture's choices look like beside how good they are: by the expert with the largest share
 * of each token, over all layers.
 *
 * @param load for each expert its share of all choices
 * @param switchesPer100Tokens how often a layer's choice changes from one token to the next; empty
 *     if no window had two tokens
 * @param segmentRouting segment routing best performance of arXiv 2505.16056, for one expert: the
 *     share of a segment's tokens that the best single expert for it would have been chosen for;
 *     empty if no window was as long as a segment
 * @param segmentCache segment cache best hit rate: the same with the best two experts
 */
record RoutingQuality(
    double[] load,
    OptionalDouble switchesPer100Tokens,
    OptionalDouble segmentRouting,
    OptionalDouble segmentCache) {

  /** Tokens of a segment. A shorter rest of a window is left out. */
  static final int SEGMENT = 16;

  /** Experts that a cache holds: twice what a token goes through. */
  static final int CACHE = 2;

  /** Keeps choices until all are made, since a window may be told of twice. Not thread-safe. */
  static final class Recorder implements ChoiceListener {
    private record Place(int window, int layer) implements Comparable<Place> {
      @Override
      public int compareTo(Place other) {
        int byWindow = Integer.compare(window, other.window);
        return byWindow != 0 ? byWindow : Integer.compare(layer, other.layer);
      }
    }

    private final Map<Place, int[]> choices = new TreeMap<>();

    @Override
    public void chosen(int window, int layer, int[] experts) {
      choices.put(new Place(window, layer), experts);
    }

    /**
     * Sums up.
     *
     * @param experts how many there are
     */
    RoutingQuality quality(int experts) {
      double[] load = new double[experts];
      double tokens = 0;
      double pairs = 0;
      double switches = 0;
      double segments = 0;
      double first = 0;
      double cached = 0;
      for (int[] chosen : choices.values()) {
        tokens += chosen.length;
        pairs += chosen.length - 1;
        for (int t = 0; t < chosen.length; t++) {
          load[chosen[t]]++;
          switches += t > 0 && chosen[t] != chosen[t - 1] ? 1 : 0;
        }
        for (int from = 0; from + SEGMENT <= chosen.length; from += SEGMENT) {
          int[] counts = new int[experts];
          for (int t = from; t < from + SEGMENT; t++) {
            counts[chosen[t]]++;
          }
          Arrays.sort(counts);
          segments++;
          first += counts[experts - 1] / (double) SEGMENT;
          for (int c = 1; c <= Math.min(CACHE, experts); c++) {
            cached += counts[experts - c] / (double) SEGMENT;
          }
        }
      }
      for (int e = 0; e < experts; e++) {
        load[e] /= tokens;
      }
      return new RoutingQuality(
          load, ratio(100 * switches, pairs), ratio(first, segments), ratio(cached, segments));
    }

    private static OptionalDouble ratio(double sum, double count) {
      return count == 0 ? OptionalDouble.empty() : OptionalDouble.of(sum / count);
    }
  }
}
