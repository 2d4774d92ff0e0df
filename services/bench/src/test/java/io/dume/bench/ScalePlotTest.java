package io.dume.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ScalePlotTest {
  private static JsonNode figures(ScaleShape... shapes) {
    List<Figure> figures = new ArrayList<>();
    for (ScaleShape shape : shapes) {
      double seconds = shape.width() / 100.0;
      Map.of("whole", 10 * seconds, "worker: send", 2 * seconds, "fold: cut", 0.0)
          .forEach(
              (stage, value) ->
                  figures.add(
                      Figure.of(
                          "scale, %s, %s".formatted(shape.describe(), stage),
                          "s",
                          Samples.of(value))));
    }
    return FigureFile.json(figures);
  }

  @Test
  void shouldDrawShapesThatDifferInWidthAlone() {
    JsonNode figures =
        figures(
            new ScaleShape(1024, 4, 2, 1),
            new ScaleShape(576, 2, 2, 1),
            new ScaleShape(1024, 2, 2, 1));

    String svg = ScalePlot.svg(figures).orElseThrow();

    assertThat(svg).contains("2 layers, 2 domains, 1 worker");
    // The whole and what was sent; a stage that was never seen has no curve.
    assertThat(SvgReader.elements(svg, "polyline")).hasSize(2);
  }

  @Test
  void shouldDrawNothingOfOneWidth() {
    JsonNode figures = figures(new ScaleShape(1024, 4, 2, 1), new ScaleShape(1024, 2, 2, 1));

    assertThat(ScalePlot.svg(figures)).isEmpty();
  }
}
