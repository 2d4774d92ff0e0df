package io.dume.lab;

import io.dume.lab.Series.Point;
import io.dume.pictures.Axis;
import io.dume.pictures.Drawing;
import io.dume.pictures.Plot;
import java.util.List;
import java.util.Map;

/** Draws what ablations have found. */
final class Pictures {

  private static final int GAP = 12;
  private static final int ROW = 22;
  private static final int BAR = 14;
  private static final int BARS = 320;
  private static final List<String> COLOURS = List.of("#0969da", "#1a7f37", "#8250df");

  private Pictures() {}

  static Drawing draw(Ablation ablation, Series series) {
    return switch (ablation) {
      case NORMALISATION, SCORES, PRECISION -> bars(title(ablation), series);
      case TOKENS, LAMBDA, TEMPERATURE, CONTEXT_DIM, IMBALANCE -> curves(ablation, series, true);
      case K, EXPERTS, SMOOTHING -> curves(ablation, series, false);
    };
  }

  private static String title(Ablation ablation) {
    return "Normalised performance, mean of the domains: " + axis(ablation);
  }

  private static String axis(Ablation ablation) {
    return switch (ablation) {
      case TOKENS -> "tokens of each domain";
      case K -> "experts a token, k";
      case TEMPERATURE -> "temperature";
      case LAMBDA -> "λ";
      case EXPERTS -> "number of experts";
      case CONTEXT_DIM -> "context_dim";
      case PRECISION -> "precision of the sums";
      case NORMALISATION -> "columns of W";
      case SMOOTHING -> "smoothing c";
      case SCORES -> "what scores are made of";
      case IMBALANCE -> "most tokens of a domain / least";
    };
  }

  private static Drawing curves(Ablation ablation, Series series, boolean logarithmic) {
    List<Double> across = series.points().stream().map(Point::x).toList();
    List<Double> up = series.points().stream().map(Point::mean).toList();
    Axis x =
        logarithmic
            ? Axis.logarithmic(axis(ablation), across)
            : Axis.around(axis(ablation), across);
    Plot plot = new Plot(title(ablation), x, Axis.around("normalised performance", up));
    series
        .curves()
        .forEach(
            (name, points) ->
                plot.curve(
                    name,
                    points.stream()
                        .map(point -> new Plot.Value(point.x(), point.mean()))
                        .toList()));
    return plot.drawing();
  }

  /** A bar for each point, from zero to one. */
  private static Drawing bars(String title, Series series) {
    Map<String, List<Point>> curves = series.curves();
    List<String> names = List.copyOf(curves.keySet());
    double text =
        Drawing.LETTER
            * series.points().stream().mapToInt(point -> name(point).length()).max().orElse(0);
    double left = GAP + text + GAP;
    Drawing drawing =
        new Drawing(
            (int) Math.ceil(left + BARS + 60), 2 * ROW + ROW * series.points().size() + 2 * ROW);
    drawing.title(GAP, ROW, title);
    Axis axis = new Axis("normalised performance", 0, 1, false);
    double bottom = 2.0 * ROW + ROW * series.points().size();
    for (double tick : axis.ticks()) {
      double at = left + BARS * axis.share(tick);
      drawing.line(
          new Drawing.Point(at, 1.5 * ROW), new Drawing.Point(at, bottom), Drawing.FAINT, 1);
      drawing.text(
          at, bottom + ROW - GAP / 2.0, Drawing.Anchor.MIDDLE, Drawing.INK, Axis.tick(tick));
    }
    for (int i = 0; i < series.points().size(); i++) {
      Point point = series.points().get(i);
      double top = 1.5 * ROW + (double) ROW * i + GAP / 2.0;
      String colour = COLOURS.get(names.indexOf(point.curve()) % COLOURS.size());
      drawing.text(left - GAP, top + BAR - 3, Drawing.Anchor.END, Drawing.INK, name(point));
      drawing.bar(left, top, BARS * axis.share(point.mean()), BAR, colour);
      drawing.text(
          left + BARS * axis.share(point.mean()) + GAP / 2.0,
          top + BAR - 3,
          Drawing.Anchor.START,
          Drawing.INK,
          "%.3f".formatted(point.mean()));
    }
    return drawing;
  }

  private static String name(Point point) {
    return point.label() + ", " + point.curve();
  }
}
