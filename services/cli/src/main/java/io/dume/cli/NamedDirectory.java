package io.dume.cli;

import java.nio.file.Path;
import picocli.CommandLine.TypeConversionException;

/**
 * A name and the directory that it stands for, written NAME=DIR.
 *
 * @param name not blank, without '='
 * @param directory as written
 */
record NamedDirectory(String name, Path directory) {

  static NamedDirectory parse(String value) {
    int equals = value.indexOf('=');
    if (equals < 1 || equals == value.length() - 1 || value.substring(0, equals).isBlank()) {
      throw new TypeConversionException(
          "'%s' is not of the form NAME=DIR, such as math=models/math".formatted(value));
    }
    return new NamedDirectory(
        value.substring(0, equals).strip(), Path.of(value.substring(equals + 1)));
  }
}
