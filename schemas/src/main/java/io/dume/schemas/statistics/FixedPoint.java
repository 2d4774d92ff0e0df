package io.dume.schemas.statistics;

/**
 * The fixed point of a fit: v is kept as the integer nearest to v * 2^f, ties to even.
 *
 * @param fractionBits f, from 0 to 40
 */
public record FixedPoint(int fractionBits) {
  /** No sum may reach this in absolute value, so that adding two of them never overflows. */
  public static final long LIMIT = 1L << 62;

  public FixedPoint {
    if (fractionBits < 0 || fractionBits > 40) {
      throw new IllegalArgumentException(
          "fraction bits of %d: choose 0 to 40; 20 is the default".formatted(fractionBits));
    }
  }

  /**
   * Whether a value can be kept.
   *
   * @param value any double
   * @return false if it is not finite or |value| * 2^f is 2^62 or more
   */
  public boolean fits(double value) {
    return Math.abs(value) * scale() < 0x1p62;
  }

  /**
   * Rounds half to even.
   *
   * @param value a value that {@link #fits}
   * @return value * 2^f, rounded
   * @throws ArithmeticException if the value does not fit
   */
  public long toFixed(double value) {
    double scaled = value * scale();
    if (!(Math.abs(scaled) < 0x1p62)) {
      throw new ArithmeticException(
          value + " does not fit into 62 bits with " + fractionBits + " fraction bits");
    }
    return (long) Math.rint(scaled);
  }

  /**
   * Rounds some values and adds each to a sum. Whether one does not fit or a sum overflows is seen
   * behind the loop, which has no branches so; what was added is garbage then.
   *
   * @throws ArithmeticException if a value does not fit or a sum leaves 64 bits
   */
  void add(double[] values, int from, long[] sums, int count) {
    double scale = scale();
    double largest = 0;
    long overflow = 0;
    for (int i = 0; i < count; i++) {
      double scaled = values[from + i] * scale;
      // Not a number stays one.
      largest = Math.max(largest, Math.abs(scaled));
      long value = (long) Math.rint(scaled);
      long before = sums[i];
      long sum = before + value;
      overflow |= (before ^ sum) & (value ^ sum);
      sums[i] = sum;
    }
    if (!(largest < 0x1p62)) {
      throw new ArithmeticException(
          "a value does not fit into 62 bits with " + fractionBits + " fraction bits");
    }
    if (overflow < 0) {
      throw new ArithmeticException("a sum of statistics left the range of 64 bits");
    }
  }

  /**
   * The value of a sum, correctly rounded to double.
   *
   * @param fixed a sum
   * @return fixed / 2^f
   */
  public double toDouble(long fixed) {
    return fixed / scale();
  }

  /**
   * The fixed-point form of a count, exact.
   *
   * @param count tokens, not negative
   * @return count * 2^f
   * @throws ArithmeticException if that is 2^62 or more
   */
  public long ofCount(long count) {
    if (count < 0 || count >= LIMIT >> fractionBits) {
      throw new ArithmeticException(
          count + " tokens do not fit into 62 bits with " + fractionBits + " fraction bits");
    }
    return count << fractionBits;
  }

  private double scale() {
    return (double) (1L << fractionBits);
  }
}
