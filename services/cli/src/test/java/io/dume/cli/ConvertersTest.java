package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class ConvertersTest {

  private final DurationConverter durations = new DurationConverter();

  @ParameterizedTest
  @CsvSource({"250ms,PT0.25S", "10s,PT10S", "5 m,PT5M", "2H,PT2H", "1d,PT24H", "0s,PT0S"})
  void shouldReadDurations(String text, Duration expected) {
    assertThat(durations.convert(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "10", "-1s", "1.5s", "5 minutes", "9999999999999s"})
  void shouldRefuseWhatIsNotADuration(String text) {
    assertThatExceptionOfType(TypeConversionException.class)
        .isThrownBy(() -> durations.convert(text))
        .withMessageContaining("'" + text + "' is not a duration")
        .withMessageContaining("10s");
  }

  @ParameterizedTest
  @CsvSource({
    "0,0",
    "17,17",
    "17b,17",
    "1k,1024",
    "1KiB,1024",
    "64MiB,67108864",
    "64 mb,67108864",
    "2GiB,2147483648",
    "1t,1099511627776"
  })
  void shouldReadSizes(String text, long expected) {
    assertThat(ByteSize.parse(text)).isEqualTo(new ByteSize(expected));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "MiB", "-1", "1.5k", "1x", "999999999999t"})
  void shouldRefuseWhatIsNotASize(String text) {
    assertThatExceptionOfType(TypeConversionException.class)
        .isThrownBy(() -> ByteSize.parse(text))
        .withMessageContaining("'" + text + "' is not a size");
  }

  @ParameterizedTest
  @CsvSource({"math=m,math,m", "a=b=c,a,b=c", " a =/x y,a,/x y"})
  void shouldReadANameAndItsDirectory(String text, String name, String directory) {
    assertThat(NamedDirectory.parse(text)).isEqualTo(new NamedDirectory(name, Path.of(directory)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "math", "=dir", "math=", " =dir"})
  void shouldRefuseANameWithoutADirectory(String text) {
    assertThatExceptionOfType(TypeConversionException.class)
        .isThrownBy(() -> NamedDirectory.parse(text))
        .withMessageContaining("NAME=DIR");
  }
}
