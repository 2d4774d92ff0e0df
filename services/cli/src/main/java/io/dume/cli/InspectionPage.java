package io.dume.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dume.inspector.GateTurn;
import io.dume.inspector.Inspection;
import io.dume.models.FeatureSource;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.message.Training;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * An inspection for people and for programs.
 *
 * @param asked the version that was asked for
 * @param solved what was looked at: the same, or where its gates were trained the version that they
 *     were trained from
 * @param inspection what it tells
 * @param drifts of the experts with fresh tokens
 * @param turns of all gates since an earlier version; empty if there is none to compare with
 */
record InspectionPage(
    RouterVersion asked,
    RouterVersion solved,
    Inspection inspection,
    List<Inspection.Drift> drifts,
    List<GateTurn> turns) {

  /** How many pairs of experts are named that are near but told apart. */
  private static final int NEAREST = 3;

  private static final String[] SHADES = {" ", "░", "▒", "▓", "█"};

  void print(Console console, Optional<Integer> only) {
    header().forEach(console::result);
    heading(console, "distances of experts' tokens, in standard deviations within an expert");
    maps(console, only, Inspection.Layer::distances, largestDistance(inspection), "%.1f");
    heading(console, "expected confusion, token by token: of a row's tokens the share to a column");
    maps(console, only, Inspection.Layer::confusion, 1, "%.2f");
    heading(console, "which experts one could do for");
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

  private void maps(
      Console console,
      Optional<Integer> only,
      Function<Inspection.Layer, double[][]> values,
      double full,
      String format) {
    for (int l = 0; l < inspection.layers().size(); l++) {
      if (only.isEmpty() || only.get() == l) {
        matrix("layer " + l, values.apply(inspection.layers().get(l)), full, format).print(console);
        console.result("");
      }
    }
  }

  List<String> header() {
    List<String> lines = new ArrayList<>();
    lines.add("router %s, version %d".formatted(asked.getRouter(), asked.getVersion()));
    asked
        .getTraining()
        .ifPresent(
            training ->
                lines.add(
                    "its gates were trained, in %d steps, from those of version %d, which all that follows is of: trained gates carry no statistics"
                        .formatted(training.getSteps(), training.getStart())));
    String source = solved.getFit().getFeatureSource();
    if (source.equals(FeatureSource.EMBEDDING.toString())) {
      lines.add("of token embeddings: one layer, which tells whose text a token is from");
    }
    if (!solved.getIntercept()) {
      lines.add("solved without an intercept: experts may be further apart than their scores are");
    }
    List<String> shared =
        solved.getExperts().stream().map(Expert::getName).filter(this::hasSeveralDomains).toList();
    if (!shared.isEmpty()) {
      lines.add(
          "by expert, not by domain: the tokens of all domains of %s are one"
              .formatted(String.join(", ", shared)));
    }
    return lines;
  }

  private boolean hasSeveralDomains(String expert) {
    return solved.getDomains().stream().filter(d -> d.getExpert().equals(expert)).count() > 1;
  }

  /** The largest of all layers, so that one scale does for all; at least 1. */
  static double largestDistance(Inspection inspection) {
    double largest = 1;
    for (Inspection.Pair pair : inspection.pairs()) {
      largest = Math.max(largest, pair.distance());
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
    List<Inspection.Pair> pairs = inspection.pairs();
    List<String> lines = new ArrayList<>();
    pairs.stream()
        .filter(Inspection.Pair::couldShare)
        .map(pair -> told(pair) + "; one expert could do for both")
        .forEach(lines::add);
    if (lines.isEmpty()) {
      lines.add("none: each pair is told apart in some layer; the nearest are");
      pairs.stream().limit(NEAREST).map(InspectionPage::told).forEach(lines::add);
    }
    return lines;
  }

  private static String told(Inspection.Pair pair) {
    return "%s and %s: %.2f in the layer that tells them apart best (layer %d)"
        .formatted(pair.one(), pair.other(), pair.distance(), pair.layer());
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

  /** One line for each expert: how far its gates have turned, and when they will stand still. */
  List<String> gates() {
    if (turns.isEmpty()) {
      return List.of(
          "no version before of the same fit, with the same experts and domains, an intercept as here, and fewer tokens");
    }
    return turns.stream()
        .map(
            turn ->
                "%s: turned by %.1f degrees with %d tokens since version %d, %.1f to go; %s"
                    .formatted(
                        turn.expert(),
                        turn.degrees(),
                        turn.tokens(),
                        turn.earlier(),
                        turn.left(),
                        turn.standsStill()
                            ? "stands still"
                            : "about %s tokens more until %.0f are left"
                                .formatted(rounded(turn.untilStill()), GateTurn.STILL)))
        .toList();
  }

  /** Two digits: it is no more exact than that. */
  private static String rounded(long tokens) {
    return new BigDecimal(tokens).round(new MathContext(2)).toPlainString();
  }

  ObjectNode json(Optional<Integer> only) {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("router", asked.getRouter());
    root.put("version", asked.getVersion());
    asked.getTraining().map(Training::getStart).ifPresent(start -> root.put("trainedFrom", start));
    root.put("intercept", solved.getIntercept());
    inspection.experts().forEach(root.putArray("experts")::add);
    ArrayNode layers = root.putArray("layers");
    for (int l = 0; l < inspection.layers().size(); l++) {
      if (only.isEmpty() || only.get() == l) {
        ObjectNode node = layers.addObject().put("layer", l);
        matrix(node.putArray("distances"), inspection.layers().get(l).distances());
        matrix(node.putArray("confusion"), inspection.layers().get(l).confusion());
      }
    }
    ArrayNode pairs = root.putArray("pairs");
    for (Inspection.Pair pair : inspection.pairs()) {
      ObjectNode node = pairs.addObject();
      node.putArray("experts").add(pair.one()).add(pair.other());
      node.put("distance", pair.distance())
          .put("layer", pair.layer())
          .put("couldShare", pair.couldShare());
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
    for (GateTurn turn : turns) {
      turned
          .addObject()
          .put("expert", turn.expert())
          .put("since", turn.earlier())
          .put("degrees", turn.degrees())
          .put("tokens", turn.tokens())
          .put("left", turn.left())
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
