package io.dume.schemas.statistics;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import net.jpountz.xxhash.XXHash64;
import net.jpountz.xxhash.XXHashFactory;

/**
 * Arithmetic on tiles as they are stored: little-endian int64 in a byte array. All methods are
 * thread-safe as long as no two threads write one array.
 */
public final class Tiles {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final XXHash64 HASH = XXHashFactory.fastestInstance().hash64();
  private static final long SEED = 0x64756d65L;

  /** A block of 32 x 32 values and its mirror image fit into the first level of any cache. */
  private static final int BLOCK = 32;

  private Tiles() {}

  /**
   * Reads one value.
   *
   * @param tile a tile
   * @param index which value
   * @return the value
   */
  public static long get(byte[] tile, int index) {
    return (long) LONG.get(tile, index * Long.BYTES);
  }

  /**
   * Writes one value.
   *
   * @param tile a tile
   * @param index which value
   * @param value the value
   */
  public static void set(byte[] tile, int index, long value) {
    LONG.set(tile, index * Long.BYTES, value);
  }

  /**
   * Adds {@code addend} to {@code sum}.
   *
   * @param sum modified; on an overflow it is garbage and must be thrown away
   * @param addend left as it is
   * @throws ArithmeticException if a value overflows
   * @throws IllegalArgumentException if the lengths differ
   */
  public static void add(byte[] sum, byte[] addend) {
    requireSameLength(sum, addend);
    long overflow = 0;
    for (int at = 0; at < sum.length; at += Long.BYTES) {
      long a = (long) LONG.get(sum, at);
      long b = (long) LONG.get(addend, at);
      long s = a + b;
      // Both operands differ in sign from the result only when the sum wrapped.
      overflow |= (a ^ s) & (b ^ s);
      LONG.set(sum, at, s);
    }
    requireNoOverflow(overflow);
  }

  /**
   * Takes {@code subtrahend} away from {@code sum}, exactly.
   *
   * @param sum modified; on an overflow it is garbage and must be thrown away
   * @param subtrahend left as it is
   * @throws ArithmeticException if a value overflows
   * @throws IllegalArgumentException if the lengths differ
   */
  public static void subtract(byte[] sum, byte[] subtrahend) {
    requireSameLength(sum, subtrahend);
    long overflow = 0;
    for (int at = 0; at < sum.length; at += Long.BYTES) {
      long a = (long) LONG.get(sum, at);
      long b = (long) LONG.get(subtrahend, at);
      long s = a - b;
      overflow |= (a ^ b) & (a ^ s);
      LONG.set(sum, at, s);
    }
    requireNoOverflow(overflow);
  }

  /** Makes the lower half of a square tile the mirror image of its upper half. */
  static void mirror(byte[] tile, int extent) {
    for (int top = 0; top < extent; top += BLOCK) {
      for (int left = top; left < extent; left += BLOCK) {
        mirror(tile, extent, top, left);
      }
    }
  }

  private static void mirror(byte[] tile, int extent, int top, int left) {
    int bottom = Math.min(extent, top + BLOCK);
    int right = Math.min(extent, left + BLOCK);
    for (int r = top; r < bottom; r++) {
      for (int c = Math.max(left, r + 1); c < right; c++) {
        LONG.set(
            tile,
            (c * extent + r) * Long.BYTES,
            (long) LONG.get(tile, (r * extent + c) * Long.BYTES));
      }
    }
  }

  /**
   * The digest that a manifest holds of a tile.
   *
   * @param tile the values
   * @return xxHash64 of the bytes
   */
  public static long digest(byte[] tile) {
    return HASH.hash(tile, 0, tile.length, SEED);
  }

  /**
   * The digest of the remaining bytes of a buffer, whose position stays.
   *
   * @param tile the values
   * @return xxHash64 of the bytes
   */
  public static long digest(ByteBuffer tile) {
    return HASH.hash(tile, tile.position(), tile.remaining(), SEED);
  }

  private static void requireSameLength(byte[] sum, byte[] other) {
    if (sum.length != other.length || sum.length % Long.BYTES != 0) {
      throw new IllegalArgumentException(
          "tiles of %d and %d bytes".formatted(sum.length, other.length));
    }
  }

  private static void requireNoOverflow(long overflow) {
    if (overflow < 0) {
      throw new ArithmeticException("a sum of statistics left the range of 64 bits");
    }
  }
}
