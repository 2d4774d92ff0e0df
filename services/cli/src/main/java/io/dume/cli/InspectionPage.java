package io.dume.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dume.inspector.Inspection;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * An inspection for people and for programs.
 *
 * @param router the router's name
 * @param version what was looked at
 * @param inspection what it tells
 * @param drifts of the experts with fresh tokens
 * @param turns of all gates since the version before; empty if they can't be compared
 */
record InspectionPage(
    String router,
    long version,
    Inspection inspection,
    List<Inspection.Drift> drifts,
    List<Inspection.Turn> turns) {

  /** Two experts this near overlap in most of their tokens, in every layer. */
  private static final double NEAR = 1;

  private static final String[] SHADES = {" ", "░", "▒", "▓", "█"};

  void print(Console console, Optional<Integer> only) {
    console.result("router %s, version %d".formatted(router, version));
    heading(console, "distances of experts' tokens, in standard deviations within an expert");
    for (int l = 0; l < inspection.layers().size(); l++) {
      if (only.isEmpty() || only.get() == l) {
        Inspection.Layer layer = inspection.layers().get(l);
        matrix("layer " + l, layer.distances(), largestDistance(), "%.1f").print(console);
        console.result("");
      }
    }
    heading(console, "expected confusion, token by token: of a row's tokens the share to a column");
    for (int l = 0; l < inspection.layers().size(); l++) {
      if (only.isEmpty() || only.get() == l) {
        matrix("layer " + l, inspection.layers().get(l).confusion(), 1, "%.2f").print(console);
        console.result("");
      }
    }
    heading(console, "hardly told apart");
    nearPairs().forEach(console::result);
    heading(console, "fresh tokens");
    fresh().forEach(console::result);
    heading(console, "gates");
    gates().forEach(console::result);
  }

  private static void heading(Console console, String text) {
    console.result("");
    console.result(text);
  }

  private double largestDistance() {
    double largest = 1;
    for (Inspection.Layer layer : inspection.layers()) {
      for (double[] row : layer.distances()) {
        for (double distance : row) {
          largest = Math.max(largest, distance);
        }
      }
    }
    return largest;
  }

  /** A table of numbers with a shade each: a heat map that a log file can hold. */
  private Table matrix(String corner, double[][] values, double full, String format) {
    List<String> header = new ArrayList<>(List.of(corner));
    header.addAll(inspection.experts());
    Table table = new Table(header.toArray(String[]::new));
    for (int i = 0; i < values.length; i++) {
      List<Object> row = new ArrayList<>(List.of(inspection.experts().get(i)));
      for (double value : values[i]) {
        int shade = (int) Math.round(value / full * (SHADES.length - 1));
        row.add(format.formatted(value) + " " + SHADES[shade].repeat(2));
      }
      table.row(row.toArray());
    }
    return table;
  }

  /** Pairs of experts by how near they are in the layer that tells them apart best. */
  List<String> nearPairs() {
    List<String> lines = new ArrayList<>();
    List<String> names = inspection.experts();
    for (int i = 0; i < names.size(); i++) {
      for (int j = 0; j < i; j++) {
        int a = i;
        int b = j;
        double best = best(layer -> layer.distances()[a][b]);
        if (best < NEAR) {
          lines.add(
              "%s and %s: %.2f in the layer that tells them apart best; one expert could do for both"
                  .formatted(names.get(j), names.get(i), best));
        }
      }
    }
    return lines.isEmpty() ? List.of("none: each pair is told apart in some layer") : lines;
  }

  private double best(ToDoubleFunction<Inspection.Layer> of) {
    return inspection.layers().stream().mapToDouble(of).max().orElse(0);
  }

  /** One line for each expert with fresh tokens, those that have moved the most first. */
  List<String> fresh() {
    if (drifts.isEmpty()) {
      return List.of("none that an earlier version's gates can be compared by");
    }
    return drifts.stream()
        .sorted(Comparator.comparingDouble(Inspection.Drift::share).reversed())
        .map(
            drift ->
                "%s: %d since version %d, %.2f from those before, %.0f %% of the way to the nearest other expert (layer %d)%s"
                    .formatted(
                        drift.expert(),
                        drift.tokens(),
                        drift.earlier(),
                        drift.distance(),
                        100 * drift.share(),
                        drift.layer(),
                        drift.alarming() ? "; DRIFTS" : ""))
        .toList();
  }

  List<String> gates() {
    if (turns.isEmpty()) {
      return List.of("no version before with the same experts");
    }
    return turns.stream()
        .map(
            turn ->
                "%s: turned by %.1f degrees with %d new tokens%s"
                    .formatted(
                        turn.expert(),
                        turn.degrees(),
                        turn.tokens(),
                        turn.untilStill() == 0
                            ? "; stands still"
                            : "; about %d more until it turns by less than one"
                                .formatted(turn.untilStill())))
        .toList();
  }

  ObjectNode json() {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("router", router);
    root.put("version", version);
    inspection.experts().forEach(root.putArray("experts")::add);
    ArrayNode layers = root.putArray("layers");
    for (Inspection.Layer layer : inspection.layers()) {
      ObjectNode node = layers.addObject();
      matrix(node.putArray("distances"), layer.distances());
      matrix(node.putArray("confusion"), layer.confusion());
    }
    ArrayNode drift = root.putArray("drift");
    for (Inspection.Drift d : drifts) {
      drift
          .addObject()
          .put("expert", d.expert())
          .put("since", d.earlier())
          .put("tokens", d.tokens())
          .put("distance", d.distance())
          .put("share", d.share())
          .put("layer", d.layer())
          .put("drifts", d.alarming());
    }
    ArrayNode turned = root.putArray("gates");
    for (Inspection.Turn turn : turns) {
      turned
          .addObject()
          .put("expert", turn.expert())
          .put("degrees", turn.degrees())
          .put("tokens", turn.tokens())
          .put("untilStill", turn.untilStill());
    }
    return root;
  }

  private static void matrix(ArrayNode into, double[][] values) {
    for (double[] row : values) {
      ArrayNode line = into.addArray();
      for (double value : row) {
        line.add(value);
      }
    }
  }
}
