package io.dume.cli;

import io.dume.administration.Penalty;
import picocli.CommandLine.TypeConversionException;

/** A ridge penalty on the command line: a number, or {@code auto}. */
final class PenaltyConverter {

  private PenaltyConverter() {}

  static Penalty parse(String text) {
    if (text.equals("auto")) {
      return Penalty.BY_ERROR;
    }
    try {
      return Penalty.of(Double.parseDouble(text));
    } catch (NumberFormatException e) {
      throw new TypeConversionException("'%s' is neither a number nor auto".formatted(text));
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }
}
