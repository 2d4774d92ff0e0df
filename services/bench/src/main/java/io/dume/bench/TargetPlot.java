package io.dume.bench;

import com.fasterxml.jackson.databind.JsonNode;
import io.dume.pictures.Axis;
import io.dume.pictures.Drawing;
import io.dume.pictures.Drawing.Anchor;
import io.dume.pictures.Drawing.Point;
import java.util.ArrayList;
import java.util.List;

/**
 * The figures of a {@link FigureFile} that have a target, as a picture: a bar for each, all on one
 * axis, on which 1 is the target and more is better, also where less is asked for. Deterministic:
 * the same figures give the same bytes.
 */
public final class TargetPlot {
  private static final String REACHED = "#1a7f37";
  private static final String MISSED = "#cf222e";

  /** What is further from its target than this ends at the edge, with a mark. */
  private static final double END = 2;

  private static final int TOP = 56;
  private static final int ROW = 24;
  private static final int BAR = 14;
  private static final int BARS = 320;
  private static final int GAP = 10;

  private TargetPlot() {}

  /**
   * A row of the picture.
   *
   * @param name of the figure
   * @param measured what is compared with the target
   * @param target what it is to reach
   * @param reached whether it does
   */
  private record Row(String name, double measured, double target, boolean reached) {
    /** As the file says whether the target is reached, it also says which direction is good. */
    boolean upwards() {
      return reached == measured >= target;
    }

    /** Returns 1 at the target, more where it is surpassed. */
    double share() {
      // What is compared may be a difference that is not above zero.
      return upwards() ? measured / target : target / Math.max(measured, target / (2 * END));
    }

    String text() {
      return "%s, %s %s"
          .formatted(
              Figure.number(measured), upwards() ? "at least" : "at most", Figure.number(target));
    }
  }

  /**
   * Draws figures.
   *
   * @param figures an array as {@link FigureFile#json} makes it; what has no target is left out
   * @return the SVG document
   */
  public static String of(JsonNode figures) {
    List<Row> rows = new ArrayList<>();
    for (JsonNode figure : figures) {
      if (figure.path("target").isNumber()) {
        rows.add(row(figure));
      }
    }
    return draw(rows);
  }

  private static Row row(JsonNode figure) {
    double measured =
        figure.path("ratio").isNumber()
            ? figure.get("ratio").doubleValue()
            : figure.path("value").doubleValue() - figure.path("floor").asDouble(0);
    return new Row(
        figure.path("name").asText(),
        measured,
        figure.get("target").doubleValue(),
        figure.path("reached").asBoolean());
  }

  private static String draw(List<Row> rows) {
    double names = width(rows.stream().map(Row::name).toList());
    double texts = width(rows.stream().map(Row::text).toList());
    double left = GAP + names + GAP;
    int bottom = TOP + ROW * rows.size();
    Drawing drawing = new Drawing((int) Math.ceil(left + BARS + 2 * GAP + texts), bottom + 3 * ROW);
    drawing.title(GAP, ROW, "What is measured against its target");
    Axis axis = new Axis("share of the target that is reached; more is better", 0, END, false);
    for (double tick : axis.ticks()) {
      double at = left + BARS * axis.share(tick);
      drawing.line(new Point(at, TOP - GAP), new Point(at, bottom), Drawing.FAINT, 1);
      drawing.text(at, bottom + ROW - GAP, Anchor.MIDDLE, Drawing.INK, Axis.tick(tick));
    }
    drawing.text(
        left + BARS / 2.0, bottom + 2.0 * ROW - GAP, Anchor.MIDDLE, Drawing.INK, axis.label());
    for (int i = 0; i < rows.size(); i++) {
      bar(drawing, axis, rows.get(i), left, TOP + (double) ROW * i);
    }
    double target = left + BARS * axis.share(1);
    drawing.line(new Point(target, TOP - GAP), new Point(target, bottom), Drawing.INK, 2);
    return drawing.svg();
  }

  private static void bar(Drawing drawing, Axis axis, Row row, double left, double top) {
    double base = top + BAR - 3;
    double share = row.share();
    drawing.text(left - GAP, base, Anchor.END, Drawing.INK, row.name());
    drawing.bar(left, top, BARS * axis.share(share), BAR, row.reached() ? REACHED : MISSED);
    if (share > END) {
      drawing.text(left + BARS - 4, base, Anchor.END, "#ffffff", "»");
    }
    drawing.text(left + BARS + GAP, base, Anchor.START, Drawing.INK, row.text());
  }

  private static double width(List<String> texts) {
    return Drawing.LETTER * texts.stream().mapToInt(String::length).max().orElse(0);
  }
}
