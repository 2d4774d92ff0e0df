package io.dume.cli;

import io.dume.extractor.FitProposal;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.TypeConversionException;

/** Where a replay begins, on the command line. */
final class ReplayStartConverter {

  private static final Pattern OFFSET = Pattern.compile("(\\d{1,9}):(\\d{1,18})");

  private ReplayStartConverter() {}

  static FitProposal.Start parse(String text) {
    if (text.equals("earliest")) {
      return new FitProposal.Start.Beginning();
    }
    return text.contains("T") ? new FitProposal.Start.Since(time(text)) : offsets(text);
  }

  private static Instant time(String text) {
    try {
      return Instant.parse(text);
    } catch (DateTimeParseException e) {
      throw new TypeConversionException(
          "'%s' is no time in UTC, as in 2026-03-01T00:00:00Z".formatted(text));
    }
  }

  private static FitProposal.Start offsets(String text) {
    Map<Integer, Long> offsets = new LinkedHashMap<>();
    for (String pair : text.split(",")) {
      Matcher matcher = OFFSET.matcher(pair);
      if (!matcher.matches()
          || offsets.put(Integer.valueOf(matcher.group(1)), Long.valueOf(matcher.group(2)))
              != null) {
        throw new TypeConversionException(
            "'%s': say earliest, a time as in 2026-03-01T00:00:00Z, or an offset of each partition as in 0:1200,1:900"
                .formatted(text));
      }
    }
    return new FitProposal.Start.At(offsets);
  }
}
