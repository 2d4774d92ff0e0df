package io.dume.bench;

import java.util.List;

/** Amounts for people: powers of a thousand, three digits. */
public final class Quantity {

  private static final List<String> PREFIXES = List.of("", "k", "M", "G", "T", "P", "E");

  private Quantity() {}

  /**
   * An amount with its unit.
   *
   * @param value at least zero
   * @param unit as in {@code B/s}; empty for a count
   * @return such as {@code 18.3 GB}, {@code 350 MB/s}, {@code 12 s} or {@code 7}
   */
  public static String of(double value, String unit) {
    boolean scaled = unit.startsWith("B") || unit.startsWith("FLOP") || value >= 1e6;
    int power = 0;
    double rest = value;
    while (scaled && rest >= 999.5 && power < PREFIXES.size() - 1) {
      rest /= 1e3;
      power++;
    }
    String number = Figure.number(Figure.rounded(rest, scaled ? 3 : 4));
    String suffix = PREFIXES.get(power) + unit;
    return suffix.isEmpty() ? number : number + " " + suffix;
  }
}
