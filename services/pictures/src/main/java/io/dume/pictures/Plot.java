package io.dume.pictures;

import io.dume.pictures.Drawing.Anchor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Curves over one axis, as a picture. Deterministic: the same values give the same bytes. Used by
 * one thread.
 */
public final class Plot {
  private static final List<String> COLOURS =
      List.of("#0969da", "#cf222e", "#1a7f37", "#8250df", "#bf8700", "#57606a");

  private static final int WIDTH = 720;
  private static final int HEIGHT = 420;
  private static final int LEFT = 80;
  private static final int RIGHT = 24;
  private static final int TOP = 40;
  private static final int BOTTOM = 56;
  private static final int LINE = 18;

  private final String title;
  private final Axis x;
  private final Axis y;
  private final List<Curve> curves = new ArrayList<>();

  /**
   * One point of a curve.
   *
   * @param x on the axis that runs to the right
   * @param y on the axis that runs upwards
   */
  public record Value(double x, double y) {}

  private record Curve(String name, List<Value> values) {}

  /**
   * An empty plot.
   *
   * @param title over it
   * @param x the axis that runs to the right
   * @param y the axis that runs upwards
   */
  public Plot(String title, Axis x, Axis y) {
    this.title = title;
    this.x = x;
    this.y = y;
  }

  /**
   * Adds a curve: dots, joined by lines in the order in which they are given.
   *
   * @param name as it stands in the legend
   * @param values at least one, on both axes
   */
  public Plot curve(String name, List<Value> values) {
    curves.add(new Curve(name, List.copyOf(values)));
    return this;
  }

  /** Returns the picture, to be written in one of its forms. */
  public Drawing drawing() {
    Drawing drawing = new Drawing(WIDTH, HEIGHT + LINE * curves.size());
    drawing.title(LEFT, TOP - LINE, title);
    for (double tick : x.ticks()) {
      double at = across(tick);
      drawing.line(
          new Drawing.Point(at, TOP), new Drawing.Point(at, HEIGHT - BOTTOM), Drawing.FAINT, 1);
      drawing.text(at, HEIGHT - BOTTOM + LINE, Anchor.MIDDLE, Drawing.INK, Axis.tick(tick));
    }
    for (double tick : y.ticks()) {
      double at = up(tick);
      drawing.line(
          new Drawing.Point(LEFT, at), new Drawing.Point(WIDTH - RIGHT, at), Drawing.FAINT, 1);
      drawing.text(LEFT - 6, at + 4, Anchor.END, Drawing.INK, Axis.tick(tick));
    }
    drawing.text(
        (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - LINE, Anchor.MIDDLE, Drawing.INK, x.label());
    drawing.upwards(LINE, (TOP + HEIGHT - BOTTOM) / 2.0, y.label());
    for (int i = 0; i < curves.size(); i++) {
      String colour = COLOURS.get(i % COLOURS.size());
      List<Drawing.Point> points =
          curves.get(i).values().stream()
              .map(value -> new Drawing.Point(across(value.x()), up(value.y())))
              .toList();
      drawing.path(points, colour);
      points.forEach(point -> drawing.dot(point, colour));
      double line = HEIGHT + (double) LINE * i;
      Stream.of(LEFT, LEFT + LINE)
          .forEach(end -> drawing.dot(new Drawing.Point(end, line - 4), colour));
      drawing.line(
          new Drawing.Point(LEFT, line - 4), new Drawing.Point(LEFT + LINE, line - 4), colour, 2);
      drawing.text(LEFT + 1.5 * LINE, line, Anchor.START, Drawing.INK, curves.get(i).name());
    }
    return drawing;
  }

  private double across(double value) {
    return LEFT + x.share(value) * (WIDTH - RIGHT - LEFT);
  }

  private double up(double value) {
    return HEIGHT - BOTTOM - y.share(value) * (HEIGHT - BOTTOM - TOP);
  }
}
