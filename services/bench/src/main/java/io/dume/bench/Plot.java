package io.dume.bench;

import io.dume.bench.Svg.Anchor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Curves over one axis, as a picture. Deterministic: the same values give the same bytes. Used by
 * one thread.
 */
final class Plot {
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
  record Value(double x, double y) {}

  private record Curve(String name, List<Value> values) {}

  Plot(String title, Axis x, Axis y) {
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
  Plot curve(String name, List<Value> values) {
    curves.add(new Curve(name, List.copyOf(values)));
    return this;
  }

  /** Returns the picture. */
  String svg() {
    Svg svg = new Svg(WIDTH, HEIGHT + LINE * curves.size());
    svg.title(LEFT, TOP - LINE, title);
    for (double tick : x.ticks()) {
      double at = across(tick);
      svg.line(new Svg.Point(at, TOP), new Svg.Point(at, HEIGHT - BOTTOM), Svg.FAINT, 1);
      svg.text(at, HEIGHT - BOTTOM + LINE, Anchor.MIDDLE, Svg.INK, Axis.tick(tick));
    }
    for (double tick : y.ticks()) {
      double at = up(tick);
      svg.line(new Svg.Point(LEFT, at), new Svg.Point(WIDTH - RIGHT, at), Svg.FAINT, 1);
      svg.text(LEFT - 6, at + 4, Anchor.END, Svg.INK, Axis.tick(tick));
    }
    svg.text((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - LINE, Anchor.MIDDLE, Svg.INK, x.label());
    svg.upwards(LINE, (TOP + HEIGHT - BOTTOM) / 2.0, y.label());
    for (int i = 0; i < curves.size(); i++) {
      String colour = COLOURS.get(i % COLOURS.size());
      List<Svg.Point> points =
          curves.get(i).values().stream()
              .map(value -> new Svg.Point(across(value.x()), up(value.y())))
              .toList();
      svg.path(points, colour);
      points.forEach(point -> svg.dot(point, colour));
      double line = HEIGHT + (double) LINE * i;
      Stream.of(LEFT, LEFT + LINE).forEach(end -> svg.dot(new Svg.Point(end, line - 4), colour));
      svg.line(new Svg.Point(LEFT, line - 4), new Svg.Point(LEFT + LINE, line - 4), colour, 2);
      svg.text(LEFT + 1.5 * LINE, line, Anchor.START, Svg.INK, curves.get(i).name());
    }
    return svg.document();
  }

  private double across(double value) {
    return LEFT + x.share(value) * (WIDTH - RIGHT - LEFT);
  }

  private double up(double value) {
    return HEIGHT - BOTTOM - y.share(value) * (HEIGHT - BOTTOM - TOP);
  }
}
