package io.dume.bench;

import java.util.List;
import java.util.Locale;

/**
 * Writes a picture as SVG, element by element. The same calls give the same bytes everywhere: no
 * time, no random names, numbers with one decimal and a point. Used by one thread.
 */
final class Svg {
  static final String INK = "#24292f";
  static final String FAINT = "#d0d7de";

  /** About what a letter of the text takes; only places depend on it, not what is legible. */
  static final double LETTER = 6.6;

  /** Where a text ends up beside its point. */
  enum Anchor {
    START,
    MIDDLE,
    END
  }

  /**
   * @param x from the left, in pixels
   * @param y from the top
   */
  record Point(double x, double y) {}

  private final StringBuilder elements = new StringBuilder();
  private final int width;
  private final int height;

  Svg(int width, int height) {
    this.width = width;
    this.height = height;
  }

  Svg text(double x, double y, Anchor anchor, String colour, String text) {
    return add(
        "<text x=\"%s\" y=\"%s\" text-anchor=\"%s\" fill=\"%s\">%s</text>",
        number(x), number(y), anchor.name().toLowerCase(Locale.ROOT), colour, escaped(text));
  }

  /** Text that runs upwards, centred on the point. */
  Svg upwards(double x, double y, String text) {
    return add(
        "<text transform=\"translate(%s %s) rotate(-90)\" text-anchor=\"middle\" fill=\"%s\">%s</text>",
        number(x), number(y), INK, escaped(text));
  }

  Svg title(double x, double y, String text) {
    return add(
        "<text x=\"%s\" y=\"%s\" font-weight=\"bold\" fill=\"%s\">%s</text>",
        number(x), number(y), INK, escaped(text));
  }

  Svg line(Point from, Point to, String colour, double thickness) {
    return add(
        "<line x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\" stroke=\"%s\" stroke-width=\"%s\"/>",
        number(from.x()),
        number(from.y()),
        number(to.x()),
        number(to.y()),
        colour,
        number(thickness));
  }

  Svg bar(double x, double y, double wide, double high, String colour) {
    return add(
        "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" fill=\"%s\"/>",
        number(x), number(y), number(wide), number(high), colour);
  }

  Svg dot(Point at, String colour) {
    return add(
        "<circle cx=\"%s\" cy=\"%s\" r=\"3.0\" fill=\"%s\"/>",
        number(at.x()), number(at.y()), colour);
  }

  Svg path(List<Point> points, String colour) {
    String places =
        String.join(" ", points.stream().map(p -> number(p.x()) + "," + number(p.y())).toList());
    return add(
        "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2.0\"/>",
        places, colour);
  }

  /** Returns the document, with a white ground so that it is legible on a dark page too. */
  String document() {
    return """
        <svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" \
        font-family="sans-serif" font-size="12">
        <rect width="%d" height="%d" fill="#ffffff"/>
        %s</svg>
        """
        .formatted(width, height, width, height, width, height, elements);
  }

  private Svg add(String format, Object... values) {
    elements.append(format.formatted(values)).append('\n');
    return this;
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
