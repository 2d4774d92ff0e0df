package io.dume.pictures;

import io.dume.pictures.Drawing.Anchor;
import io.dume.pictures.Drawing.Point;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Square matrices over the same names, side by side, each cell with its number on a shade of it;
 * one scale for all. Deterministic: the same values give the same bytes. Used by one thread.
 *
 * <p>The shades are those of viridis reversed, from yellow to dark blue: they differ in lightness,
 * so they can be told apart without colour, and the number stands in the cell besides.
 */
public final class HeatMap {
  /** Of viridis, from its light end to its dark one. */
  private static final int[] SHADES = {
    0xfde725, 0x90d743, 0x35b779, 0x21918c, 0x31688e, 0x443983, 0x440154
  };

  private static final int COLUMNS = 2;
  private static final int CELL_HIGH = 26;
  private static final int LEAST_CELL = 46;
  private static final int GAP = 32;
  private static final int MARGIN = 16;
  private static final int LINE = 18;
  private static final int TITLE = 40;
  private static final int SCALE_WIDE = 160;
  private static final int SCALE_STEPS = 32;

  private final String title;
  private final String rows;
  private final Axis scale;
  private final String format;
  private final List<String> names;
  private final List<Matrix> maps = new ArrayList<>();

  private record Matrix(String name, double[][] values) {}

  /**
   * A picture without matrices.
   *
   * @param title over it
   * @param rows what rows and columns are, in a line under the title
   * @param scale the values' axis, from the lightest shade to the darkest
   * @param format of the numbers in the cells, such as {@code %.2f}
   * @param names of the rows and of the columns
   */
  public HeatMap(String title, String rows, Axis scale, String format, List<String> names) {
    this.title = title;
    this.rows = rows;
    this.scale = scale;
    this.format = format;
    this.names = List.copyOf(names);
  }

  /**
   * Adds a matrix.
   *
   * @param name over it
   * @param values as many rows and columns as there are names; copied
   * @throws IllegalArgumentException if there are more or fewer
   */
  public HeatMap map(String name, double[][] values) {
    if (values.length != names.size()
        || Arrays.stream(values).anyMatch(row -> row.length != names.size())) {
      throw new IllegalArgumentException(
          "heat map \"%s\": %d rows for %d names, and as many columns are needed"
              .formatted(name, values.length, names.size()));
    }
    maps.add(new Matrix(name, Arrays.stream(values).map(double[]::clone).toArray(double[][]::new)));
    return this;
  }

  /** Returns the picture, to be written in one of its forms. */
  public Drawing drawing() {
    int columns = Math.min(COLUMNS, Math.max(1, maps.size()));
    int down = (maps.size() + columns - 1) / columns;
    double wide = labelWide() + cellWide() * names.size();
    double high = 2.0 * LINE + CELL_HIGH * names.size();
    double across = Math.max(columns * (wide + GAP) - GAP, rows.length() * Drawing.LETTER);
    double below = TITLE + LINE + down * (high + GAP);
    Drawing drawing =
        new Drawing((int) Math.ceil(2 * MARGIN + across), (int) Math.ceil(below + 2 * LINE));
    drawing.title(MARGIN, TITLE - LINE, title);
    drawing.text(MARGIN, TITLE, Anchor.START, Drawing.INK, rows);
    for (int i = 0; i < maps.size(); i++) {
      double x = MARGIN + (i % columns) * (wide + GAP);
      double y = TITLE + LINE + (double) (i / columns) * (high + GAP);
      draw(drawing, maps.get(i), x, y);
    }
    scale(drawing, below);
    return drawing;
  }

  private void draw(Drawing drawing, Matrix map, double x, double y) {
    double left = x + labelWide();
    double top = y + 2 * LINE;
    drawing.text(x, y + LINE - 4, Anchor.START, Drawing.INK, map.name());
    for (int i = 0; i < names.size(); i++) {
      double middle = left + (i + 0.5) * cellWide();
      drawing.text(middle, top - 5, Anchor.MIDDLE, Drawing.INK, names.get(i));
      double line = top + (i + 0.5) * CELL_HIGH + 4;
      drawing.text(left - 6, line, Anchor.END, Drawing.INK, names.get(i));
      for (int j = 0; j < names.size(); j++) {
        double value = map.values()[i][j];
        int shade = shade(scale.share(value));
        drawing.bar(
            left + j * cellWide(), top + (double) i * CELL_HIGH, cellWide(), CELL_HIGH, hex(shade));
        drawing.text(
            left + (j + 0.5) * cellWide(),
            line,
            Anchor.MIDDLE,
            ink(shade),
            format.formatted(value));
      }
    }
  }

  private void scale(Drawing drawing, double y) {
    double step = (double) SCALE_WIDE / SCALE_STEPS;
    for (int i = 0; i < SCALE_STEPS; i++) {
      drawing.bar(
          MARGIN + i * step, y - LINE, step, 12, hex(shade((double) i / (SCALE_STEPS - 1))));
    }
    for (double end : new double[] {scale.from(), scale.to()}) {
      double x = MARGIN + scale.share(end) * SCALE_WIDE;
      drawing.line(new Point(x, y - LINE), new Point(x, y - 2), Drawing.INK, 1);
      Anchor anchor = end == scale.from() ? Anchor.START : Anchor.END;
      drawing.text(x, y + 10, anchor, Drawing.INK, Axis.tick(end));
    }
    drawing.text(MARGIN + SCALE_WIDE + 10, y - LINE + 11, Anchor.START, Drawing.INK, scale.label());
  }

  private double labelWide() {
    return 10 + longest() * Drawing.LETTER;
  }

  private double cellWide() {
    return Math.max(LEAST_CELL, 10 + longest() * Drawing.LETTER);
  }

  private int longest() {
    return names.stream().mapToInt(String::length).max().orElse(0);
  }

  /** Between the two nearest shades, by each colour's share. */
  private static int shade(double share) {
    double place = share * (SHADES.length - 1);
    int from = Math.min(SHADES.length - 2, (int) place);
    int mixed = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
      int a = SHADES[from] >> shift & 0xff;
      int b = SHADES[from + 1] >> shift & 0xff;
      mixed |= (int) Math.round(a + (place - from) * (b - a)) << shift;
    }
    return mixed;
  }

  /** Black or white, whichever has the more contrast (WCAG 2.1, relative luminance). */
  private static String ink(int shade) {
    double luminance = 0;
    double[] weights = {0.2126, 0.7152, 0.0722};
    for (int i = 0; i < weights.length; i++) {
      double channel = (shade >> 16 - 8 * i & 0xff) / 255.0;
      luminance +=
          weights[i]
              * (channel <= 0.03928 ? channel / 12.92 : Math.pow((channel + 0.055) / 1.055, 2.4));
    }
    return luminance > 0.179 ? "#000000" : "#ffffff";
  }

  private static String hex(int colour) {
    return "#%06x".formatted(colour);
  }
}
