package io.dume.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * Figures as JSON: an array of {@code {"name", "value", "floor", "unit", "ratio", "target",
 * "reached"}}. Floor, ratio, target and reached are null where there is none. The target is the
 * limit of the ratio; where that is null, of the value, or of the value less the floor if there is
 * one.
 */
public final class FigureFile {

  private static final ObjectMapper JSON = new ObjectMapper();

  private FigureFile() {}

  /**
   * A figure that was read back.
   *
   * @param value the median
   * @param floor what it was measured against, if anything
   * @param unit of both
   */
  public record Value(double value, OptionalDouble floor, String unit) {}

  /**
   * The document of some figures.
   *
   * @param figures in the order that they shall have
   * @return a new array
   */
  public static ArrayNode json(List<Figure> figures) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    for (Figure figure : figures) {
      ObjectNode object = array.addObject();
      object.put("name", figure.name());
      object.put("value", figure.value());
      figure.floor().ifPresentOrElse(v -> object.put("floor", v), () -> object.putNull("floor"));
      object.put("unit", figure.unit());
      figure.ratio().ifPresentOrElse(v -> object.put("ratio", v), () -> object.putNull("ratio"));
      figure
          .target()
          .ifPresentOrElse(t -> object.put("target", t.limit()), () -> object.putNull("target"));
      figure
          .reached()
          .ifPresentOrElse(r -> object.put("reached", r), () -> object.putNull("reached"));
    }
    return array;
  }

  /**
   * Reads the values of a file that {@code dume bench --out} wrote.
   *
   * @param file the file
   * @return values by the figures' names, in the file's order
   * @throws IOException if it can't be read, or is no such file
   */
  public static Map<String, Value> read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return read(in, file.toString());
    }
  }

  /**
   * Reads a file that {@code dume bench --out} wrote, as {@link #json} made it.
   *
   * @param file the file
   * @return an array of figures
   * @throws IOException if it can't be read, or is no such file
   */
  public static JsonNode document(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return checked(in, file.toString());
    }
  }

  static Map<String, Value> read(InputStream in, String origin) throws IOException {
    Map<String, Value> values = new LinkedHashMap<>();
    for (JsonNode figure : checked(in, origin)) {
      JsonNode floor = figure.path("floor");
      values.put(
          figure.get("name").textValue(),
          new Value(
              figure.get("value").doubleValue(),
              floor.isNumber() ? OptionalDouble.of(floor.doubleValue()) : OptionalDouble.empty(),
              figure.get("unit").textValue()));
    }
    return values;
  }

  private static JsonNode checked(InputStream in, String origin) throws IOException {
    JsonNode root = JSON.readTree(in);
    if (!root.isArray()) {
      throw notFigures(origin, "it holds no array");
    }
    for (JsonNode figure : root) {
      JsonNode name = figure.path("name");
      JsonNode value = figure.path("value");
      JsonNode unit = figure.path("unit");
      if (!name.isTextual() || !value.isNumber() || !unit.isTextual()) {
        throw notFigures(origin, "an entry lacks name, value or unit: " + figure);
      }
    }
    return root;
  }

  private static IOException notFigures(String origin, String why) {
    return new IOException(
        "%s is no file of `dume bench --out`: %s; measure again".formatted(origin, why));
  }
}
