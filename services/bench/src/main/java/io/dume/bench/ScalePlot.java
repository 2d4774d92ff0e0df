package io.dume.bench;

import com.fasterxml.jackson.databind.JsonNode;
import io.dume.pictures.Axis;
import io.dume.pictures.Plot;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How the cost of a flush and its version grows with d, as a picture: of the figures of {@code dume
 * bench --only scale}, those that differ in d alone. Deterministic: the same figures give the same
 * bytes.
 */
public final class ScalePlot {
  private static final Pattern NAME =
      Pattern.compile(
          "scale, d = (\\d+), (\\d+ layers, \\d+ domains, \\d+ workers?), (?:(\\w+): )?([\\w ]+)");

  /** Which stages a curve adds up. */
  private static final Map<String, List<String>> CURVES = curves();

  private ScalePlot() {}

  private static Map<String, List<String>> curves() {
    Map<String, List<String>> curves = new LinkedHashMap<>();
    curves.put("from the first record to the version", List.of("whole"));
    curves.put("time of processors, all processes", List.of("processors"));
    curves.put("worker: round and add", List.of("worker round and add"));
    curves.put("worker: send and commit", List.of("worker send", "worker commit"));
    curves.put(
        "fold: stage, add, cut, write to stores and changelogs",
        List.of(
            "fold consume",
            "fold stage",
            "fold add",
            "fold cut",
            "fold write back",
            "fold commit"));
    curves.put("solver: read and factorise", List.of("solver read", "solver factorise"));
    return curves;
  }

  /**
   * Draws figures.
   *
   * @param figures an array as {@link FigureFile#json} makes it
   * @return the SVG document; nothing if fewer than two values of d were measured that differ in
   *     nothing else
   */
  public static Optional<String> svg(JsonNode figures) {
    Map<String, SortedMap<Integer, Map<String, Double>>> shapes = new LinkedHashMap<>();
    for (JsonNode figure : figures) {
      Matcher matcher = NAME.matcher(figure.path("name").asText());
      if (matcher.matches()) {
        String stage = matcher.group(3) == null ? "" : matcher.group(3) + " ";
        shapes
            .computeIfAbsent(matcher.group(2), rest -> new TreeMap<>())
            .computeIfAbsent(Integer.valueOf(matcher.group(1)), d -> new LinkedHashMap<>())
            .put(stage + matcher.group(4), figure.path("value").asDouble());
      }
    }
    return shapes.entrySet().stream()
        .filter(shape -> shape.getValue().size() > 1)
        .findFirst()
        .map(shape -> draw(shape.getKey(), shape.getValue()));
  }

  private static String draw(String rest, SortedMap<Integer, Map<String, Double>> byWidth) {
    Map<String, List<Plot.Value>> curves = new LinkedHashMap<>();
    List<Double> seconds = new ArrayList<>();
    CURVES.forEach(
        (name, stages) ->
            byWidth.forEach(
                (width, cost) -> {
                  double sum =
                      stages.stream().mapToDouble(stage -> cost.getOrDefault(stage, 0.0)).sum();
                  // What was over between two looks was not seen.
                  if (sum > 0) {
                    seconds.add(sum);
                    curves
                        .computeIfAbsent(name, n -> new ArrayList<>())
                        .add(new Plot.Value(width, sum));
                  }
                }));
    Plot plot =
        new Plot(
            "A flush and its version, " + rest,
            Axis.logarithmic("d", byWidth.keySet().stream().map(Integer::doubleValue).toList()),
            Axis.logarithmic("seconds", seconds));
    curves.forEach(plot::curve);
    return plot.drawing().svg();
  }
}
