package io.dume.bench;

import java.util.Arrays;
import java.util.stream.DoubleStream;

/**
 * Repetitions of one measurement. Immutable.
 *
 * @param sorted the values in ascending order, at least one, all finite
 */
public record Samples(double[] sorted) {
  public Samples {
    sorted = sorted.clone();
    Arrays.sort(sorted);
    if (sorted.length == 0 || !DoubleStream.of(sorted).allMatch(Double::isFinite)) {
      throw new IllegalArgumentException(
          "samples of %s: at least one is needed, and all must be finite"
              .formatted(Arrays.toString(sorted)));
    }
  }

  /**
   * Some values.
   *
   * @param values in any order
   * @return the samples
   */
  public static Samples of(double... values) {
    return new Samples(values);
  }

  @Override
  public double[] sorted() {
    return sorted.clone();
  }

  /**
   * The middle value, or the mean of the two in the middle.
   *
   * @return the median
   */
  public double median() {
    int n = sorted.length;
    return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
  }

  /**
   * The smallest value that a share of all does not exceed.
   *
   * @param share from 0 to 1; 0.99 for p99
   * @return one of the values
   */
  public double quantile(double share) {
    int rank = (int) Math.ceil(share * sorted.length);
    return sorted[Math.min(sorted.length - 1, Math.max(0, rank - 1))];
  }

  /**
   * How far repetitions lie apart.
   *
   * @return (largest − smallest) / median, 0 for one value
   */
  public double spread() {
    double range = sorted[sorted.length - 1] - sorted[0];
    return range == 0 ? 0 : range / Math.abs(median());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Samples samples && Arrays.equals(sorted, samples.sorted);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(sorted);
  }

  @Override
  public String toString() {
    return Arrays.toString(sorted);
  }
}
