package io.dume.solver;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.schemas.statistics.FixedPoint;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

class FixedValuesTest {
  /** The whole range, and more often where doubles begin to leave integers out and at the limit. */
  @Provide
  Arbitrary<long[]> sums() {
    return Arbitraries.oneOf(
            Arbitraries.longs(),
            around(1L << 51),
            around(1L << 53),
            around(1L << 54),
            around(FixedPoint.LIMIT),
            Arbitraries.of(0L, 1L, -1L, Long.MIN_VALUE, Long.MAX_VALUE))
        .array(long[].class)
        .ofMinSize(1)
        .ofMaxSize(40);
  }

  private static Arbitrary<Long> around(long value) {
    return Arbitraries.longs()
        .between(-600, 600)
        .flatMap(offset -> Arbitraries.of(value + offset, -value + offset));
  }

  @Property
  void shouldRoundAsExactArithmeticDoesInBothDirections(
      @ForAll("sums") long[] sums,
      @ForAll @IntRange(max = 40) int fractionBits,
      @ForAll @IntRange(max = 20) int offset) {
    double unit = new FixedPoint(fractionBits).toDouble(1);
    ByteBuffer fixed =
        ByteBuffer.allocate(offset + sums.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    fixed.position(offset).asLongBuffer().put(sums);
    double[] alone = new double[sums.length + 1];
    double[] values = new double[sums.length];
    double[] turned = new double[sums.length];

    FixedValues.convert(fixed.array(), offset, sums.length, unit, alone, 1);
    FixedValues.convertAndTurn(fixed.array(), offset, sums.length, unit, values, turned);

    for (int i = 0; i < sums.length; i++) {
      double exact =
          new BigDecimal(BigInteger.valueOf(sums[i]))
              .divide(new BigDecimal(BigInteger.TWO.pow(fractionBits)))
              .doubleValue();
      assertThat(alone[i + 1]).isEqualTo(exact);
      assertThat(values[i]).isEqualTo(exact);
      assertThat(turned[sums.length - 1 - i]).isEqualTo(exact);
    }
  }
}
