package io.dume.schemas.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class TilesTest {
  private static final long RANGE = 1L << 62;

  private static byte[] tile(long... values) {
    byte[] tile = new byte[values.length * Long.BYTES];
    for (int i = 0; i < values.length; i++) {
      Tiles.set(tile, i, values[i]);
    }
    return tile;
  }

  private static byte[] random(Random random, int values) {
    return tile(random.longs(values, -(RANGE >> 8), RANGE >> 8).toArray());
  }

  @Property
  void shouldStoreValuesLittleEndian(@ForAll long value) {
    byte[] tile = tile(0, value);

    assertThat(ByteBuffer.wrap(tile).order(ByteOrder.LITTLE_ENDIAN).getLong(8)).isEqualTo(value);
    assertThat(Tiles.get(tile, 1)).isEqualTo(value);
  }

  @Property
  void shouldAddExactlyOrRefuse(@ForAll long a, @ForAll long b) {
    byte[] sum = tile(a);
    byte[] addend = tile(b);
    boolean overflows = a >= 0 == b >= 0 && a + b >= 0 != a >= 0;

    if (overflows) {
      assertThatExceptionOfType(ArithmeticException.class).isThrownBy(() -> Tiles.add(sum, addend));
    } else {
      Tiles.add(sum, addend);
      assertThat(Tiles.get(sum, 0)).isEqualTo(a + b);
      assertThat(Tiles.get(addend, 0)).isEqualTo(b);
    }
  }

  @Property
  void shouldSubtractExactlyOrRefuse(@ForAll long a, @ForAll long b) {
    byte[] sum = tile(a);
    boolean overflows = a >= 0 != b >= 0 && a - b >= 0 != a >= 0;

    if (overflows) {
      assertThatExceptionOfType(ArithmeticException.class)
          .isThrownBy(() -> Tiles.subtract(sum, tile(b)));
    } else {
      Tiles.subtract(sum, tile(b));
      assertThat(Tiles.get(sum, 0)).isEqualTo(a - b);
    }
  }

  @Property
  void shouldNoticeAnOverflowWhereverItHappens(
      @ForAll @IntRange(min = 0, max = 99) int place, @ForAll @LongRange(min = 1) long excess) {
    long[] values = new long[100];
    values[place] = Long.MAX_VALUE;
    long[] addends = new long[100];
    addends[place] = excess;

    assertThatExceptionOfType(ArithmeticException.class)
        .isThrownBy(() -> Tiles.add(tile(values), tile(addends)));
  }

  @Property(tries = 100)
  void shouldNotDependOnTheOrderOfAdding(@ForAll long seed) {
    Random random = new Random(seed);
    List<byte[]> tiles = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      tiles.add(random(random, 16));
    }
    byte[] forwards = new byte[16 * Long.BYTES];
    byte[] shuffled = new byte[16 * Long.BYTES];

    tiles.forEach(tile -> Tiles.add(forwards, tile));
    Collections.shuffle(tiles, random);
    tiles.forEach(tile -> Tiles.add(shuffled, tile));

    assertThat(shuffled).isEqualTo(forwards);
  }

  @Property(tries = 100)
  void shouldTakeAwayAsIfItHadNeverBeenThere(@ForAll long seed) {
    Random random = new Random(seed);
    byte[] sum = random(random, 16);
    byte[] before = sum.clone();
    byte[] passing = random(random, 16);

    Tiles.add(sum, passing);
    Tiles.subtract(sum, passing);

    assertThat(sum).isEqualTo(before);
  }

  @Test
  void shouldRefuseTilesOfDifferentLengthsOrHalfValues() {
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> Tiles.add(new byte[16], new byte[8]));
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> Tiles.subtract(new byte[12], new byte[12]));
  }

  @Property
  void shouldChangeTheDigestWithAnyBit(
      @ForAll long seed, @ForAll @IntRange(min = 0, max = 16 * 64 - 1) int bit) {
    byte[] tile = random(new Random(seed), 16);
    byte[] changed = tile.clone();
    changed[bit / 8] ^= (byte) (1 << bit % 8);

    assertThat(Tiles.digest(changed)).isNotEqualTo(Tiles.digest(tile));
  }

  @Property(tries = 50)
  void shouldDigestBuffersOfAnyKindAlikeAndLeaveTheirPosition(
      @ForAll long seed, @ForAll @IntRange(min = 0, max = 9) int offset) {
    byte[] tile = random(new Random(seed), 16);
    ByteBuffer direct = ByteBuffer.allocateDirect(tile.length + offset + 3).position(offset);
    direct.duplicate().put(tile);
    direct.limit(offset + tile.length);
    ByteBuffer heap = ByteBuffer.allocate(tile.length + offset).position(offset).slice().put(tile);

    assertThat(Tiles.digest(direct)).isEqualTo(Tiles.digest(tile));
    assertThat(Tiles.digest(heap.flip())).isEqualTo(Tiles.digest(tile));
    assertThat(direct.position()).isEqualTo(offset);
  }

  @Test
  void shouldKeepTheDigestThatManifestsHold() {
    // A change of hash or seed would put every staged tile of a running fit into dead-letters.
    assertThat(Tiles.digest(tile(1, 2, 3))).isEqualTo(7400740052712407011L);
  }
}
