package io.dume.cli;

import java.util.ArrayList;
import java.util.List;

/**
 * Text in columns: the first to the left, as names are, the others to the right, as figures are.
 * Rows are printed when all are known, so that the columns fit.
 */
final class Table {

  private static final String GAP = "  ";

  private final List<List<String>> rows = new ArrayList<>();

  Table(String... header) {
    rows.add(List.of(header));
  }

  /**
   * @throws IllegalArgumentException if the row has another number of cells than the header
   */
  Table row(Object... cells) {
    if (cells.length != rows.get(0).size()) {
      throw new IllegalArgumentException(
          "a row of %d cells in a table of %d columns".formatted(cells.length, rows.get(0).size()));
    }
    List<String> row = new ArrayList<>();
    for (Object cell : cells) {
      row.add(String.valueOf(cell));
    }
    rows.add(row);
    return this;
  }

  List<String> lines() {
    int columns = rows.get(0).size();
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int c = 0; c < columns; c++) {
        widths[c] = Math.max(widths[c], row.get(c).length());
      }
    }
    return rows.stream().map(row -> line(row, widths)).toList();
  }

  void print(Console console) {
    lines().forEach(console::result);
  }

  private static String line(List<String> row, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int c = 0; c < widths.length; c++) {
      String padding = " ".repeat(widths[c] - row.get(c).length());
      if (c == 0) {
        line.append(row.get(c)).append(padding);
      } else {
        line.append(GAP).append(padding).append(row.get(c));
      }
    }
    return line.toString().stripTrailing();
  }
}
