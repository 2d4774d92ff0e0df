package io.dume.cli;

import io.dume.inspector.Inspection;
import io.dume.pictures.Axis;
import io.dume.pictures.Drawing;
import io.dume.pictures.HeatMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * An inspection as heat maps, one of each layer.
 *
 * @param page what is shown
 * @param only this layer alone
 */
record InspectionPictures(InspectionPage page, Optional<Integer> only) {

  /** Writes both pictures as SVG and PNG; what is there is replaced. */
  void write(Path directory) throws IOException {
    Files.createDirectories(directory);
    for (Map.Entry<String, Drawing> picture : drawings().entrySet()) {
      ResultFile.write(directory.resolve(picture.getKey() + ".svg"), picture.getValue().svg());
      Files.write(directory.resolve(picture.getKey() + ".png"), picture.getValue().png());
    }
  }

  /** The pictures by the names of their files. */
  Map<String, Drawing> drawings() {
    Inspection inspection = page.inspection();
    return Map.of(
        "confusion",
        picture(
            "Expected confusion of experts",
            "of the tokens of a row's expert, those that one layer's gate alone gives to a column's",
            new Axis("share of the row's tokens", 0, 1, false),
            "%.2f",
            Inspection.Layer::confusion),
        "distances",
        picture(
            "Distances of experts' tokens",
            "how far the mean scores of two experts' tokens are from each other",
            Axis.fromZero(
                "standard deviations within an expert",
                List.of(InspectionPage.largestDistance(inspection))),
            "%.1f",
            Inspection.Layer::distances));
  }

  private Drawing picture(
      String title,
      String rows,
      Axis scale,
      String format,
      Function<Inspection.Layer, double[][]> values) {
    Inspection inspection = page.inspection();
    String of =
        "%s: router %s, version %d"
            .formatted(title, page.solved().getRouter(), page.solved().getVersion());
    HeatMap map = new HeatMap(of, rows, scale, format, inspection.experts());
    for (int l = 0; l < inspection.layers().size(); l++) {
      if (only.isEmpty() || only.get() == l) {
        map.map("layer " + l, values.apply(inspection.layers().get(l)));
      }
    }
    return map.drawing();
  }
}
