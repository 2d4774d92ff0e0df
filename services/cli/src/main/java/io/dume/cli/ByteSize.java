package io.dume.cli;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.TypeConversionException;

/**
 * A number of bytes as people write it: 512KiB, 64MiB, 2GiB; k, M and G alone mean the same powers
 * of 1024.
 *
 * @param bytes how many
 */
record ByteSize(long bytes) {

  private static final Pattern SHAPE = Pattern.compile("(\\d{1,12})\\s*([kmgt]?)(i?b)?");
  private static final List<String> POWERS = List.of("", "k", "m", "g", "t");

  static ByteSize parse(String value) {
    Matcher matcher = SHAPE.matcher(value.strip().toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw notASize(value);
    }
    int power = POWERS.indexOf(matcher.group(2));
    try {
      return new ByteSize(Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << (10 * power)));
    } catch (ArithmeticException e) {
      throw notASize(value);
    }
  }

  private static TypeConversionException notASize(String value) {
    return new TypeConversionException(
        "'%s' is not a size; write a number of bytes, or one with a unit, such as 512KiB, 64MiB or 2GiB"
            .formatted(value));
  }
}
