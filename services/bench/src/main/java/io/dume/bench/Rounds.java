package io.dume.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * Repetitions in which the system's own work and its floor take turns, so that what else the
 * machine does falls on both.
 *
 * @param value the system's
 * @param floor the floor's, as many
 * @param ratio value / floor of each round: the median of these is less shaken than the ratio of
 *     the medians
 */
public record Rounds(Samples value, Samples floor, Samples ratio) {
  /** One repetition; gives what was measured. */
  @FunctionalInterface
  public interface Work {
    /**
     * Does it once.
     *
     * @return a time or a rate, finite and above zero
     * @throws Exception whatever went wrong
     */
    double measure() throws Exception;
  }

  /**
   * Alternates: first some rounds that warm up and are thrown away, then those that count.
   *
   * @param warmUps rounds that do not count
   * @param rounds rounds that count, at least 1
   * @param work the system's own
   * @param beneath the floor
   * @return the repetitions
   * @throws Exception what one of the two throws
   */
  public static Rounds alternate(int warmUps, int rounds, Work work, Work beneath)
      throws Exception {
    List<Double> values = new ArrayList<>();
    List<Double> floors = new ArrayList<>();
    List<Double> ratios = new ArrayList<>();
    for (int round = -warmUps; round < rounds; round++) {
      double value = work.measure();
      double floor = beneath.measure();
      if (round >= 0) {
        values.add(value);
        floors.add(floor);
        ratios.add(value / floor);
      }
    }
    return new Rounds(samples(values), samples(floors), samples(ratios));
  }

  private static Samples samples(List<Double> values) {
    return new Samples(values.stream().mapToDouble(Double::doubleValue).toArray());
  }
}
