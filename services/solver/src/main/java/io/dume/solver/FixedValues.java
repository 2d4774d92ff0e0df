package io.dume.solver;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Values of a tile, little-endian int64, to doubles: each the correctly rounded value of its
 * integer times a power of two, which is exact.
 */
final class FixedValues {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private FixedValues() {}

  /** One value. */
  static long get(byte[] fixed, int at) {
    return (long) LONG.get(fixed, at);
  }

  /**
   * Converts some values.
   *
   * @param at the first value's first byte
   * @param unit the value of 1, a power of two
   * @param values overwritten from {@code to} on
   */
  static void convert(byte[] fixed, int at, int count, double unit, double[] values, int to) {
    for (int i = 0; i < count; i++) {
      values[to + i] = (long) LONG.get(fixed, at + i * Long.BYTES) * unit;
    }
  }

  /**
   * Converts some values, and writes them from right to left too, which costs little while they are
   * at hand.
   *
   * @param values overwritten from 0 on
   * @param turned overwritten from 0 on, the last value first
   */
  static void convertAndTurn(
      byte[] fixed, int at, int count, double unit, double[] values, double[] turned) {
    for (int i = 0; i < count; i++) {
      double value = (long) LONG.get(fixed, at + i * Long.BYTES) * unit;
      values[i] = value;
      turned[count - 1 - i] = value;
    }
  }
}
