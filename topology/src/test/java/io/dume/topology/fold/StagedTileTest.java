package io.dume.topology.fold;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.dume.schemas.statistics.Tiles;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StagedTileTest {
  /** Not a multiple of the block in which symmetry is looked at. */
  private static final int EXTENT = 77;

  private final long seed = Long.getLong("dume.seed", new Random().nextLong());
  private final Random random = new Random(seed);

  private byte[] symmetric() {
    byte[] values = new byte[EXTENT * EXTENT * Long.BYTES];
    for (int r = 0; r < EXTENT; r++) {
      for (int c = r; c < EXTENT; c++) {
        long value = random.nextLong() >> 8;
        Tiles.set(values, r * EXTENT + c, value);
        Tiles.set(values, c * EXTENT + r, value);
      }
    }
    return values;
  }

  /** The values within a message, at any offset. */
  private static StagedTile within(byte[] values, int offset) {
    byte[] message = new byte[offset + values.length + 3];
    System.arraycopy(values, 0, message, offset, values.length);
    return StagedTile.of(ByteBuffer.wrap(message, offset, values.length).slice());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 8, 93})
  void shouldAddAsTilesAreAdded(int offset) {
    byte[] addend = symmetric();
    byte[] sum = symmetric();
    byte[] expected = sum.clone();
    Tiles.add(expected, addend);

    within(addend, offset).addTo(sum);

    assertThat(sum).as("seed %d", seed).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 93})
  void shouldNoticeAnOverflow(int offset) {
    byte[] addend = symmetric();
    byte[] sum = symmetric();
    Tiles.set(addend, 5, Long.MIN_VALUE);
    Tiles.set(sum, 5, -1);

    assertThatExceptionOfType(ArithmeticException.class)
        .isThrownBy(() -> within(addend, offset).addTo(sum));
  }

  @ParameterizedTest
  @ValueSource(longs = {1L << 60, -(1L << 60), (1L << 60) + 1, Long.MAX_VALUE, -Long.MAX_VALUE})
  void shouldFindTheLargestAbsoluteValue(long value) {
    byte[] values = symmetric();
    Tiles.set(values, random.nextInt(EXTENT * EXTENT), value);
    // As ever, -x counts one less than x does.
    long largest = value < 0 ? ~value : value;

    StagedTile tile = within(values, 93);

    assertThat(tile.largest()).as("seed %d", seed).isEqualTo(largest);
    assertThat(tile.within(largest)).isTrue();
    assertThat(tile.within(largest - 1)).isFalse();
    assertThat(tile.within(-1)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 93})
  void shouldFindWhereATileIsNotSymmetric(int offset) {
    byte[] values = symmetric();
    assertThat(within(values, offset).asymmetry(EXTENT)).isEmpty();
    int row = random.nextInt(EXTENT - 1);
    int col = row + 1 + random.nextInt(EXTENT - row - 1);
    int at = col * EXTENT + row;
    Tiles.set(values, at, Tiles.get(values, at) + 1);

    assertThat(within(values, offset).asymmetry(EXTENT))
        .as("seed %d", seed)
        .contains(new StagedTile.Asymmetry(row, col));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1L << 60, -(1L << 60), Long.MAX_VALUE, Long.MIN_VALUE})
  void shouldSayTheSameOfATileThatItHasSeen(long value) {
    byte[] values = symmetric();
    int place = random.nextInt(EXTENT * EXTENT);
    Tiles.set(values, place, value);
    StagedTile tile = within(values, 93);

    StagedTile seen = tile.seen(tile.look(true));

    long largest = tile.largest();
    for (long bound : new long[] {largest, largest - 1, -1}) {
      assertThat(seen.within(bound))
          .as("%d within %d, seed %d", value, bound, seed)
          .isEqualTo(tile.within(bound));
    }
    assertThat(seen.asymmetry(EXTENT)).as("seed %d", seed).isEqualTo(tile.asymmetry(EXTENT));
  }

  @Test
  void shouldCallNoTileSymmetricThatIsNotSquareOrOfAnotherExtent() {
    byte[] values = symmetric();
    StagedTile shorter = StagedTile.of(Arrays.copyOf(values, values.length - Long.BYTES));

    assertThat(StagedTile.of(values).look(true).symmetric()).isEqualTo(EXTENT);
    assertThat(StagedTile.of(values).look(false).symmetric()).isZero();
    assertThat(shorter.look(true).symmetric()).isZero();
    assertThat(StagedTile.of(new byte[0]).look(true).symmetric()).isZero();
  }
}
