package io.dume.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;

class TargetPlotTest {
  private static final double AXIS = 320;
  private static final double TOLERANCE = 0.06;

  /** One figure of each kind of target, one without, and one far beyond its target. */
  private static final String FIGURES =
      """
      [{"name": "fold", "value": 9, "floor": 10, "unit": "MB/s", "ratio": 0.9, "target": 0.8,
        "reached": true},
       {"name": "solve", "value": 13, "floor": 10, "unit": "ms", "ratio": 1.3, "target": 1.15,
        "reached": false},
       {"name": "freshness", "value": 700, "floor": 200, "unit": "ms", "ratio": null,
        "target": 400, "reached": false},
       {"name": "below", "value": 190, "floor": 200, "unit": "ms", "ratio": null,
        "target": 1000, "reached": true},
       {"name": "start", "value": 1, "floor": null, "unit": "s", "ratio": null, "target": 6,
        "reached": true},
       {"name": "kernel", "value": 1, "floor": 2, "unit": "GB/s", "ratio": 0.5, "target": null,
        "reached": null}]""";

  @Test
  void shouldDrawHowFarEachTargetIsReachedWithMoreAsBetter() throws IOException {
    String svg = TargetPlot.of(read());

    assertThat(bars(svg))
        .usingElementComparator((a, b) -> Math.abs(a - b) < TOLERANCE ? 0 : Double.compare(a, b))
        .containsExactly(
            AXIS / 2 * 0.9 / 0.8, AXIS / 2 * 1.15 / 1.3, AXIS / 2 * 400 / 500, AXIS, AXIS);
    assertThat(svg)
        .contains(">0.9, at least 0.8<", ">1.3, at most 1.15<", ">500, at most 400<")
        .doesNotContain("kernel");
  }

  @Test
  void shouldTellWhatIsReachedFromWhatIsNot() throws IOException {
    List<String> colours =
        rows(TargetPlot.of(read())).stream().map(bar -> bar.getAttribute("fill")).toList();

    assertThat(colours.get(0)).isEqualTo(colours.get(3)).isNotEqualTo(colours.get(1));
    assertThat(colours.get(1)).isEqualTo(colours.get(2));
  }

  @Test
  void shouldGiveTheSameBytesForTheSameFigures() throws IOException {
    assertThat(TargetPlot.of(read())).isEqualTo(TargetPlot.of(read()));
  }

  private static List<Double> bars(String svg) {
    return rows(svg).stream().map(bar -> Double.parseDouble(bar.getAttribute("width"))).toList();
  }

  /** All but the ground. */
  private static List<Element> rows(String svg) {
    List<Element> all = SvgReader.elements(svg, "rect");
    return all.subList(1, all.size());
  }

  private static JsonNode read() throws IOException {
    return new ObjectMapper().readTree(FIGURES);
  }
}
