package io.dume.schemas.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FixedPointTest {
  private static BigDecimal scaled(double value, int fractionBits) {
    return new BigDecimal(value).multiply(new BigDecimal(BigInteger.TWO.pow(fractionBits)));
  }

  @Property
  void shouldRoundHalfToEvenAsExactArithmeticDoes(
      @ForAll @DoubleRange(min = -1e6, max = 1e6) double value,
      @ForAll @IntRange(min = 0, max = 40) int fractionBits) {
    long exact = scaled(value, fractionBits).setScale(0, RoundingMode.HALF_EVEN).longValueExact();

    assertThat(new FixedPoint(fractionBits).toFixed(value)).isEqualTo(exact);
  }

  @Property
  void shouldRoundTiesToEven(
      @ForAll @LongRange(min = -1_000_000, max = 1_000_000) long whole,
      @ForAll @IntRange(min = 0, max = 20) int fractionBits) {
    double tie = (whole + 0.5) / (1L << fractionBits);

    long fixed = new FixedPoint(fractionBits).toFixed(tie);

    assertThat(fixed % 2).isZero();
    assertThat(Math.abs(2 * fixed - (2 * whole + 1))).isEqualTo(1);
  }

  @Property
  void shouldTellWhatFitsAsExactArithmeticDoes(
      @ForAll double value, @ForAll @IntRange(min = 0, max = 40) int fractionBits) {
    FixedPoint fixedPoint = new FixedPoint(fractionBits);
    boolean fits =
        scaled(value, fractionBits).abs().compareTo(new BigDecimal(FixedPoint.LIMIT)) < 0;

    assertThat(fixedPoint.fits(value)).isEqualTo(fits);
    if (fits) {
      assertThat(Math.abs(fixedPoint.toFixed(value))).isLessThan(FixedPoint.LIMIT);
    } else {
      assertThatExceptionOfType(ArithmeticException.class)
          .isThrownBy(() -> fixedPoint.toFixed(value));
    }
  }

  @ParameterizedTest
  @ValueSource(
      doubles = {
        Double.NaN,
        Double.POSITIVE_INFINITY,
        Double.NEGATIVE_INFINITY,
        Double.MAX_VALUE,
        0x1p42,
        -0x1p42
      })
  void shouldRefuseWhatDoesNotFit(double value) {
    FixedPoint fixedPoint = new FixedPoint(20);

    assertThat(fixedPoint.fits(value)).isFalse();
    assertThatExceptionOfType(ArithmeticException.class)
        .isThrownBy(() -> fixedPoint.toFixed(value))
        .withMessageContaining("20 fraction bits");
  }

  @Test
  void shouldKeepTheLargestValueThatFits() {
    FixedPoint fixedPoint = new FixedPoint(20);
    double largest = Math.nextDown(0x1p42);

    assertThat(fixedPoint.fits(largest)).isTrue();
    assertThat(fixedPoint.toDouble(fixedPoint.toFixed(largest))).isEqualTo(largest);
  }

  @Property
  void shouldGiveTheNearestDoubleOfASum(
      @ForAll @LongRange(min = -(1L << 62) + 1, max = (1L << 62) - 1) long fixed,
      @ForAll @IntRange(min = 0, max = 40) int fractionBits) {
    double nearest =
        new BigDecimal(fixed)
            .divide(new BigDecimal(BigInteger.TWO.pow(fractionBits)))
            .doubleValue();

    assertThat(new FixedPoint(fractionBits).toDouble(fixed)).isEqualTo(nearest);
  }

  @Property
  void shouldCountTokensExactlyOrRefuse(
      @ForAll @LongRange(min = 0) long count,
      @ForAll @IntRange(min = 0, max = 40) int fractionBits) {
    FixedPoint fixedPoint = new FixedPoint(fractionBits);
    BigInteger exact = BigInteger.valueOf(count).shiftLeft(fractionBits);

    if (exact.compareTo(BigInteger.valueOf(FixedPoint.LIMIT)) < 0) {
      assertThat(fixedPoint.ofCount(count)).isEqualTo(exact.longValueExact());
    } else {
      assertThatExceptionOfType(ArithmeticException.class)
          .isThrownBy(() -> fixedPoint.ofCount(count));
    }
  }

  @Test
  void shouldRefuseANegativeCount() {
    assertThatExceptionOfType(ArithmeticException.class)
        .isThrownBy(() -> new FixedPoint(20).ofCount(-1));
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 41, 64, Integer.MAX_VALUE})
  void shouldRefuseFractionBitsOutsideOfItsRange(int fractionBits) {
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> new FixedPoint(fractionBits))
        .withMessageContaining("choose 0 to 40");
  }
}
