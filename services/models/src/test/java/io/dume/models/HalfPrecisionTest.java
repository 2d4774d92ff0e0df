package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HalfPrecisionTest {

  @Test
  void shouldKeepEveryFloat16ThroughFloat32AndBack() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = HalfPrecision.fromFloat16((short) bits);
      if (Float.isNaN(value)) {
        assertThat(bits & 0x7C00).isEqualTo(0x7C00);
      } else {
        assertThat(HalfPrecision.toFloat16(value)).isEqualTo((short) bits);
      }
    }
  }

  @Test
  void shouldKeepEveryBfloat16ThroughFloat32AndBack() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = HalfPrecision.fromBfloat16((short) bits);
      if (!Float.isNaN(value)) {
        assertThat(HalfPrecision.toBfloat16(value)).isEqualTo((short) bits);
      }
    }
  }

  @Property
  void shouldRoundToTheNearestFloat16(@ForAll float value) {
    if (!(Math.abs(value) < 65504)) {
      return;
    }

    float rounded = HalfPrecision.fromFloat16(HalfPrecision.toFloat16(value));

    // No neighbour of the result is nearer.
    short bits = HalfPrecision.toFloat16(value);
    double error = Math.abs((double) rounded - value);
    for (int step : new int[] {-1, 1}) {
      float neighbour = HalfPrecision.fromFloat16((short) (bits + step));
      if (Float.isFinite(neighbour) && Math.signum(neighbour) == Math.signum(rounded)) {
        assertThat(Math.abs((double) neighbour - value)).isGreaterThanOrEqualTo(error);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0x1.002p0, 0x1.0p0", // 1 + half a step: ties to the even one below
    "0x1.006p0, 0x1.008p0", // 1 + a step and a half: ties to the even one above
    "65519.996, 65504",
    "65520, Infinity",
    "-65520, -Infinity",
    "0x1.8p-24, 0x2.0p-24", // subnormal tie to even
    "0x1.0p-25, 0",
    "0x1.004p-25, 0x1.0p-24",
  })
  void shouldRoundHalfToEvenIntoFloat16(float value, float expected) {
    assertThat(HalfPrecision.fromFloat16(HalfPrecision.toFloat16(value))).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "0x1.01p0, 0x1.0p0",
    "0x1.03p0, 0x1.04p0",
    "0x1.010002p0, 0x1.02p0",
    "3.4028235e38, Infinity",
  })
  void shouldRoundHalfToEvenIntoBfloat16(float value, float expected) {
    assertThat(HalfPrecision.fromBfloat16(HalfPrecision.toBfloat16(value))).isEqualTo(expected);
  }

  @Test
  void shouldKeepNotANumber() {
    assertThat(HalfPrecision.fromFloat16(HalfPrecision.toFloat16(Float.NaN))).isNaN();
    assertThat(HalfPrecision.fromBfloat16(HalfPrecision.toBfloat16(Float.NaN))).isNaN();
    float quiet = Float.intBitsToFloat(0x7F800001);
    assertThat(HalfPrecision.fromBfloat16(HalfPrecision.toBfloat16(quiet))).isNaN();
  }
}
