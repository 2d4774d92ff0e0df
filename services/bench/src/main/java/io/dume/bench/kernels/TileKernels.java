package io.dume.bench.kernels;

import io.dume.schemas.message.Id;
import io.dume.schemas.message.StatisticsKind;
import io.dume.schemas.message.StatisticsTile;
import io.dume.schemas.statistics.Tiles;
import io.dume.schemas.wire.Wire;
import java.nio.ByteBuffer;
import java.util.Random;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What happens to one whole tile of 256 x 256 values on its way. */
@State(Scope.Thread)
public class TileKernels {
  /** Values of a tile. */
  public static final int VALUES = 256 * 256;

  private final byte[] sum = new byte[VALUES * Long.BYTES];
  private final byte[] tile = new byte[VALUES * Long.BYTES];
  private final long[] plainSum = new long[VALUES];
  private final long[] plain = new long[VALUES];
  private StatisticsTile message;
  private byte[] encoded;

  /** Values as large as statistics are: some ten million tokens with 20 fraction bits. */
  @Setup
  public void fill() {
    Random random = new Random(1);
    for (int i = 0; i < VALUES; i++) {
      plain[i] = random.nextLong() >> 20;
      Tiles.set(tile, i, plain[i]);
    }
    Id id = new Id(new byte[16]);
    message =
        new StatisticsTile(
            id, id, 3, id, StatisticsKind.GRAM, 1, 2, Tiles.digest(tile), ByteBuffer.wrap(tile));
    encoded = Wire.encode(message);
  }

  /**
   * The fold's addition, and its reverse, so that any number of calls stays in range.
   *
   * @return the sum
   */
  @Benchmark
  public byte[] add() {
    Tiles.add(sum, tile);
    Tiles.subtract(sum, tile);
    return sum;
  }

  /**
   * The same values added and taken away as plain numbers.
   *
   * @return the sum
   */
  @Benchmark
  public long[] addFloor() {
    for (int i = 0; i < VALUES; i++) {
      plainSum[i] += plain[i];
    }
    for (int i = 0; i < VALUES; i++) {
      plainSum[i] -= plain[i];
    }
    return plainSum;
  }

  /**
   * The digest that a manifest holds.
   *
   * @return the digest
   */
  @Benchmark
  public long digest() {
    return Tiles.digest(tile);
  }

  /**
   * Looking at each value once.
   *
   * @return the values' sum
   */
  @Benchmark
  public long digestFloor() {
    long all = 0;
    for (long value : plain) {
      all += value;
    }
    return all;
  }

  /**
   * A tile's message to bytes.
   *
   * @return the bytes
   */
  @Benchmark
  public byte[] encode() {
    return Wire.encode(message);
  }

  /**
   * New bytes of the same length.
   *
   * @return a copy
   */
  @Benchmark
  public byte[] encodeFloor() {
    return encoded.clone();
  }
}
