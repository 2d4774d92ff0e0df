package io.dume.topology.fold;

import io.dume.schemas.statistics.Tiles;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;

/**
 * The values of a tile where they came in: a part of the message, which is never copied. Little-
 * endian int64, as in {@link Tiles}, but at any offset.
 *
 * <p>The fold looks at every value that it adds, so what is here is written for the memory's speed:
 * loops without branches, and a tile in blocks where it is read along columns.
 */
final class StagedTile {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** A block of 32 x 32 values and its mirror image fit into the first level of any cache. */
  private static final int BLOCK = 32;

  private final byte[] bytes;
  private final int offset;
  private final int length;
  private final Optional<Look> seen;

  /** A place where a tile differs from its mirror image. */
  record Asymmetry(int row, int col) {}

  /**
   * What the checks need to know of all values of a tile.
   *
   * @param largest the largest absolute value; of the smallest long, whose absolute value is none,
   *     the largest long
   * @param symmetric rows of a tile that is square and symmetric; 0 of another
   */
  record Look(long largest, int symmetric) {}

  private StagedTile(byte[] bytes, int offset, int length, Optional<Look> seen) {
    this.bytes = bytes;
    this.offset = offset;
    this.length = length;
    this.seen = seen;
  }

  static StagedTile of(byte[] values) {
    return new StagedTile(values, 0, values.length, Optional.empty());
  }

  /** The remaining bytes of a buffer; shares its array if it has one. */
  static StagedTile of(ByteBuffer values) {
    if (values.hasArray()) {
      int from = values.arrayOffset() + values.position();
      return new StagedTile(values.array(), from, values.remaining(), Optional.empty());
    }
    byte[] copy = new byte[values.remaining()];
    values.duplicate().get(copy);
    return of(copy);
  }

  /** Bytes of values. */
  int length() {
    return length;
  }

  /** The value of an index, which must be below length / 8. */
  long get(int index) {
    return (long) LONG.get(bytes, offset + index * Long.BYTES);
  }

  /** The same values, of which it is known what a look at them gave. */
  StagedTile seen(Look look) {
    return new StagedTile(bytes, offset, length, Optional.of(look));
  }

  /**
   * Looks at all values.
   *
   * @param square whether to look for symmetry too
   */
  Look look(boolean square) {
    int extent = square ? (int) Math.sqrt(length / Long.BYTES) : 0;
    boolean symmetric =
        extent * extent * Long.BYTES == length && extent > 0 && asymmetry(extent).isEmpty();
    return new Look(largest(), symmetric ? extent : 0);
  }

  /** Whether no absolute value is larger than a bound. */
  boolean within(long bound) {
    if (seen.isPresent()) {
      return seen.get().largest() <= bound;
    }
    long beyond = 0;
    int end = offset + length;
    for (int at = offset; at < end; at += Long.BYTES) {
      beyond |= bound - magnitude((long) LONG.get(bytes, at));
    }
    // Neither is negative, so a difference is negative only where the magnitude is larger.
    return bound >= 0 && beyond >= 0;
  }

  /**
   * The largest absolute value. Two at a time, so that one comparison need not wait for another.
   */
  long largest() {
    long even = 0;
    long odd = 0;
    int values = length / Long.BYTES;
    for (int i = 0; i + 1 < values; i += 2) {
      even = Math.max(even, magnitude(get(i)));
      odd = Math.max(odd, magnitude(get(i + 1)));
    }
    if (values % 2 == 1) {
      even = Math.max(even, magnitude(get(values - 1)));
    }
    return Math.max(even, odd);
  }

  /** The smallest long has no absolute value; its complement is as good a witness. */
  private static long magnitude(long value) {
    return value ^ (value >> (Long.SIZE - 1));
  }

  /** Where a square tile is not symmetric, if it is not. */
  Optional<Asymmetry> asymmetry(int extent) {
    if (seen.filter(look -> look.symmetric() == extent).isPresent()) {
      return Optional.empty();
    }
    for (int top = 0; top < extent; top += BLOCK) {
      for (int left = top; left < extent; left += BLOCK) {
        if (differences(extent, top, left) != 0) {
          return Optional.of(firstAsymmetry(extent));
        }
      }
    }
    return Optional.empty();
  }

  private long differences(int extent, int top, int left) {
    long differences = 0;
    int bottom = Math.min(extent, top + BLOCK);
    int right = Math.min(extent, left + BLOCK);
    for (int r = top; r < bottom; r++) {
      for (int c = left; c < right; c++) {
        differences |= get(r * extent + c) ^ get(c * extent + r);
      }
    }
    return differences;
  }

  private Asymmetry firstAsymmetry(int extent) {
    for (int r = 0; r < extent; r++) {
      for (int c = r + 1; c < extent; c++) {
        if (get(r * extent + c) != get(c * extent + r)) {
          return new Asymmetry(r, c);
        }
      }
    }
    throw new IllegalStateException("a symmetric tile of extent " + extent);
  }

  /**
   * Adds these values to a sum.
   *
   * @param sum modified; on an overflow it is garbage
   * @throws ArithmeticException if a value overflows
   * @throws IllegalArgumentException if the lengths differ
   */
  void addTo(byte[] sum) {
    if (offset == 0 && length == bytes.length) {
      Tiles.add(sum, bytes);
      return;
    }
    if (sum.length != length || length % Long.BYTES != 0) {
      throw new IllegalArgumentException("tiles of %d and %d bytes".formatted(sum.length, length));
    }
    long overflow = 0;
    for (int at = 0; at < sum.length; at += Long.BYTES) {
      long a = (long) LONG.get(sum, at);
      long b = (long) LONG.get(bytes, offset + at);
      long s = a + b;
      overflow |= (a ^ s) & (b ^ s);
      LONG.set(sum, at, s);
    }
    if (overflow < 0) {
      throw new ArithmeticException("a sum of statistics left the range of 64 bits");
    }
  }

  /** The values alone. */
  byte[] toBytes() {
    return Arrays.copyOfRange(bytes, offset, offset + length);
  }
}
