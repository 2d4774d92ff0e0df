package io.dume.bench;

import io.dume.schemas.statistics.TileGrid;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model by what its statistics cost.
 *
 * @param width d, at least 1
 * @param layers at least 1
 * @param domains each with an expert of its own, at least 1
 * @param workers that share the records, at least 1
 */
record ScaleShape(int width, int layers, int domains, int workers) {
  static final int TILE = 256;
  private static final Pattern TEXT =
      Pattern.compile("(\\d{1,5})x(\\d{1,3})x(\\d{1,3})(?:x(\\d{1,2}))?");

  ScaleShape {
    if (width < 1 || layers < 1 || domains < 1 || workers < 1) {
      throw new IllegalArgumentException(
          "d = %d, %d layers, %d domains, %d workers: at least 1 each"
              .formatted(width, layers, domains, workers));
    }
  }

  /** Shapes as {@code 3072x28x4}, joined by commas: d, layers, domains and, if not 1, workers. */
  static List<ScaleShape> parse(String text) {
    return Arrays.stream(text.split(",", -1)).map(ScaleShape::parseOne).toList();
  }

  private static ScaleShape parseOne(String text) {
    Matcher matcher = TEXT.matcher(text.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "shape \"%s\": write d, layers, domains and perhaps workers, such as 3072x28x4"
              .formatted(text));
    }
    return new ScaleShape(
        Integer.parseInt(matcher.group(1)),
        Integer.parseInt(matcher.group(2)),
        Integer.parseInt(matcher.group(3)),
        matcher.group(4) == null ? 1 : Integer.parseInt(matcher.group(4)));
  }

  /** Bytes of one layer's tiles and b of one domain. */
  long layerBytes() {
    return new TileGrid(width + 1, TILE).bytes() + 8L * (width + 1);
  }

  /** Bytes of all sums: what a worker accumulates, a flush sends and the fold keeps. */
  long bytes() {
    return layerBytes() * layers * domains;
  }

  String describe() {
    return "d = %d, %d layers, %d domains, %d worker%s"
        .formatted(width, layers, domains, workers, workers == 1 ? "" : "s");
  }
}
