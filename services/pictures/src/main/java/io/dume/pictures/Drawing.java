package io.dume.pictures;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A picture, element by element, later ones over earlier ones. Used by one thread.
 *
 * <p>The same calls give the same SVG everywhere: no time, no random names, numbers with one
 * decimal and a point.
 */
public final class Drawing {
  /** The colour of text. */
  public static final String INK = "#24292f";

  /** The colour of a grid. */
  public static final String FAINT = "#d0d7de";

  /** About what a letter of the text takes; only places depend on it, not what is legible. */
  public static final double LETTER = 6.6;

  /** Where a text ends up beside its point. */
  public enum Anchor {
    /** It begins there. */
    START,
    /** Its middle is there. */
    MIDDLE,
    /** It ends there. */
    END
  }

  /**
   * A place.
   *
   * @param x from the left, in pixels
   * @param y from the top
   */
  public record Point(double x, double y) {}

  /** What a drawing consists of. */
  sealed interface Element {
    record Text(Point at, Anchor anchor, boolean bold, String colour, String text)
        implements Element {}

    record Upwards(Point at, String text) implements Element {}

    record Line(Point from, Point to, String colour, double thickness) implements Element {}

    record Bar(Point corner, double wide, double high, String colour) implements Element {}

    record Dot(Point at, String colour) implements Element {}

    record Path(List<Point> points, String colour) implements Element {}
  }

  /** Half of what a dot is wide. */
  static final double RADIUS = 3;

  /** What a path is thick. */
  static final double STROKE = 2;

  private final List<Element> elements = new ArrayList<>();
  private final int width;
  private final int height;

  /**
   * A white ground, so that it is legible on a dark page too.
   *
   * @param width in pixels
   * @param height in pixels
   */
  public Drawing(int width, int height) {
    this.width = width;
    this.height = height;
  }

  /** Adds a text whose base line is at y. */
  public Drawing text(double x, double y, Anchor anchor, String colour, String text) {
    return add(new Element.Text(new Point(x, y), anchor, false, colour, text));
  }

  /** Adds a text that runs upwards, centred on the point. */
  public Drawing upwards(double x, double y, String text) {
    return add(new Element.Upwards(new Point(x, y), text));
  }

  /** Adds a bold text that begins at the point. */
  public Drawing title(double x, double y, String text) {
    return add(new Element.Text(new Point(x, y), Anchor.START, true, INK, text));
  }

  /** Adds a straight line. */
  public Drawing line(Point from, Point to, String colour, double thickness) {
    return add(new Element.Line(from, to, colour, thickness));
  }

  /** Adds a filled rectangle, by its upper left corner. */
  public Drawing bar(double x, double y, double wide, double high, String colour) {
    return add(new Element.Bar(new Point(x, y), wide, high, colour));
  }

  /** Adds a small filled circle. */
  public Drawing dot(Point at, String colour) {
    return add(new Element.Dot(at, colour));
  }

  /** Adds lines from point to point. */
  public Drawing path(List<Point> points, String colour) {
    return add(new Element.Path(List.copyOf(points), colour));
  }

  private Drawing add(Element element) {
    elements.add(element);
    return this;
  }

  /** Returns the picture as an SVG document. */
  public String svg() {
    StringBuilder lines = new StringBuilder();
    elements.forEach(element -> lines.append(svg(element)).append('\n'));
    return """
        <svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" \
        font-family="sans-serif" font-size="12">
        <rect width="%d" height="%d" fill="#ffffff"/>
        %s</svg>
        """
        .formatted(width, height, width, height, width, height, lines);
  }

  /**
   * Returns the picture as a PNG file, twice as large in each direction, for screens with small
   * pixels. Needs a font on this machine, but no display.
   */
  public byte[] png() {
    return Raster.png(width, height, elements);
  }

  private static String svg(Element element) {
    if (element instanceof Element.Text text) {
      return text.bold() ? bold(text) : plain(text);
    }
    if (element instanceof Element.Upwards text) {
      return "<text transform=\"translate(%s %s) rotate(-90)\" text-anchor=\"middle\" fill=\"%s\">%s</text>"
          .formatted(number(text.at().x()), number(text.at().y()), INK, escaped(text.text()));
    }
    if (element instanceof Element.Line line) {
      return "<line x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\" stroke=\"%s\" stroke-width=\"%s\"/>"
          .formatted(
              number(line.from().x()),
              number(line.from().y()),
              number(line.to().x()),
              number(line.to().y()),
              line.colour(),
              number(line.thickness()));
    }
    if (element instanceof Element.Bar bar) {
      return "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" fill=\"%s\"/>"
          .formatted(
              number(bar.corner().x()),
              number(bar.corner().y()),
              number(bar.wide()),
              number(bar.high()),
              bar.colour());
    }
    if (element instanceof Element.Dot dot) {
      return "<circle cx=\"%s\" cy=\"%s\" r=\"%s\" fill=\"%s\"/>"
          .formatted(number(dot.at().x()), number(dot.at().y()), number(RADIUS), dot.colour());
    }
    Element.Path path = (Element.Path) element;
    String places =
        String.join(
            " ", path.points().stream().map(p -> number(p.x()) + "," + number(p.y())).toList());
    return "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"%s\"/>"
        .formatted(places, path.colour(), number(STROKE));
  }

  private static String plain(Element.Text text) {
    return "<text x=\"%s\" y=\"%s\" text-anchor=\"%s\" fill=\"%s\">%s</text>"
        .formatted(
            number(text.at().x()),
            number(text.at().y()),
            text.anchor().name().toLowerCase(Locale.ROOT),
            text.colour(),
            escaped(text.text()));
  }

  private static String bold(Element.Text text) {
    return "<text x=\"%s\" y=\"%s\" font-weight=\"bold\" fill=\"%s\">%s</text>"
        .formatted(
            number(text.at().x()), number(text.at().y()), text.colour(), escaped(text.text()));
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
