package io.dume.lab;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dume.models.RouterWeights;
import io.dume.pictures.Drawing;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** What the lab has found: tables for people and a document for scripts. Immutable. */
public final class LabReport {

  private final List<String> experts;
  private final Map<String, Double> own;
  private final Map<String, Map<String, Double>> dense;
  private final Map<Method, MethodResult> methods;
  private final Map<Method, RouterWeights> routers;
  private final Map<Ablation, Series> ablations;
  private final Optional<Answers> reasoning;
  private final Optional<Answers> generation;

  LabReport(
      List<String> experts,
      Map<String, Double> own,
      Map<String, Map<String, Double>> dense,
      Map<Method, MethodResult> methods,
      Map<Method, RouterWeights> routers) {
    this(experts, own, dense, methods, routers, Map.of(), Optional.empty(), Optional.empty());
  }

  private LabReport(
      List<String> experts,
      Map<String, Double> own,
      Map<String, Map<String, Double>> dense,
      Map<Method, MethodResult> methods,
      Map<Method, RouterWeights> routers,
      Map<Ablation, Series> ablations,
      Optional<Answers> reasoning,
      Optional<Answers> generation) {
    this.experts = List.copyOf(experts);
    this.own = new LinkedHashMap<>(own);
    this.dense = new LinkedHashMap<>(dense);
    this.methods = new LinkedHashMap<>(methods);
    this.routers = new LinkedHashMap<>(routers);
    this.ablations = new LinkedHashMap<>(ablations);
    this.reasoning = reasoning;
    this.generation = generation;
  }

  LabReport with(Map<Ablation, Series> series) {
    return new LabReport(experts, own, dense, methods, routers, series, reasoning, generation);
  }

  LabReport withChosen(Answers answers) {
    return new LabReport(
        experts, own, dense, methods, routers, ablations, Optional.of(answers), generation);
  }

  LabReport withWritten(Answers answers) {
    return new LabReport(
        experts, own, dense, methods, routers, ablations, reasoning, Optional.of(answers));
  }

  Map<Method, MethodResult> methods() {
    return methods;
  }

  /**
   * Returns the gates of each method that has some, by its name: those of the first seed, as files
   * of a router hold them, with the policy that the method has.
   */
  public Map<String, RouterWeights> routers() {
    Map<String, RouterWeights> named = new LinkedHashMap<>();
    routers.forEach((method, router) -> named.put(method.label(), router));
    return named;
  }

  /** Returns the comparison's rows, a header first: method, a column for each domain, the mean. */
  public List<List<String>> table() {
    List<List<String>> rows = new ArrayList<>();
    List<String> header = new ArrayList<>(List.of("method"));
    header.addAll(own.keySet());
    header.addAll(List.of("mean", "spread"));
    rows.add(header);
    dense.forEach((expert, perplexity) -> rows.add(row("dense " + expert, denseRow(perplexity))));
    methods.forEach((method, result) -> rows.add(row(method.label(), result)));
    return rows;
  }

  private MethodResult denseRow(Map<String, Double> perplexity) {
    return new MethodResult(own, List.of(perplexity), Optional.empty(), Optional.empty(), 0);
  }

  private List<String> row(String name, MethodResult result) {
    List<String> row = new ArrayList<>(List.of(name));
    for (String domain : own.keySet()) {
      row.add("%.2f (%.3f)".formatted(result.perplexity(domain), result.normalised(domain)));
    }
    row.add("%.3f".formatted(result.mean()));
    row.add(result.runs().size() > 1 ? "%.3f".formatted(result.spread()) : "");
    return row;
  }

  /** Returns what the methods with gates do beside, a header first; only the header if none has. */
  public List<List<String>> routingTable() {
    List<List<String>> rows = new ArrayList<>();
    List<String> header = new ArrayList<>(List.of("gates"));
    experts.forEach(expert -> header.add("to " + expert));
    header.addAll(List.of("switches/100", "segment", "cache", "µs/token", "policy"));
    rows.add(header);
    methods.forEach(
        (method, result) ->
            result
                .quality()
                .ifPresent(
                    quality -> {
                      List<String> row = new ArrayList<>(List.of(method.label()));
                      for (double share : quality.load()) {
                        row.add("%.3f".formatted(share));
                      }
                      row.add(figure("%.1f", quality.switchesPer100Tokens()));
                      row.add(figure("%.3f", quality.segmentRouting()));
                      row.add(figure("%.3f", quality.segmentCache()));
                      row.add("%.0f".formatted(result.microsecondsPerToken()));
                      row.add(result.policy().orElse(""));
                      rows.add(row);
                    }));
    return rows;
  }

  /** Nothing where nothing could be counted. */
  private static String figure(String format, OptionalDouble value) {
    return value.isPresent() ? format.formatted(value.getAsDouble()) : "";
  }

  /**
   * Returns the share of questions with several answers of which the right one was chosen, a header
   * first; only the header if there were none.
   */
  public List<List<String>> reasoningTable() {
    return table("questions", reasoning);
  }

  /**
   * Returns the share of answers that were written right, a header first; only the header if none
   * were to be written.
   */
  public List<List<String>> generationTable() {
    return table("written", generation);
  }

  private static List<List<String>> table(String title, Optional<Answers> answers) {
    List<List<String>> rows = new ArrayList<>();
    List<String> header = new ArrayList<>(List.of(title));
    answers.ifPresent(
        found -> {
          header.addAll(found.dense().keySet());
          List<String> dense = new ArrayList<>(List.of("own dense expert"));
          found.dense().values().forEach(value -> dense.add("%.3f".formatted(value)));
          dense.addAll(List.of("1.000", ""));
          rows.add(dense);
          for (Method method : found.methods().keySet()) {
            List<String> row = new ArrayList<>(List.of(method.label()));
            for (String domain : found.dense().keySet()) {
              row.add(
                  "%.3f (%.3f)"
                      .formatted(found.accuracy(method, domain), found.normalised(method, domain)));
            }
            row.add("%.3f".formatted(found.mean(method)));
            row.add(
                found.methods().get(method).size() > 1
                    ? "%.3f".formatted(found.spread(method))
                    : "");
            rows.add(row);
          }
        });
    header.addAll(List.of("mean", "spread"));
    rows.add(0, header);
    return rows;
  }

  /** Returns what each ablation found, a header first; only the header if there is none. */
  public List<List<String>> ablationTable() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("ablation", "value", "curve", "mean"));
    ablations.forEach(
        (ablation, series) ->
            series
                .points()
                .forEach(
                    point ->
                        rows.add(
                            List.of(
                                ablation.label(),
                                point.label(),
                                point.curve(),
                                "%.3f".formatted(point.mean())))));
    return rows;
  }

  /** Returns what a reader of an ablation must know, a line for each that has something to say. */
  public List<String> notes() {
    return ablations.entrySet().stream()
        .filter(entry -> !entry.getValue().note().isEmpty())
        .map(entry -> entry.getKey().label() + ": " + entry.getValue().note())
        .toList();
  }

  /** Returns a picture of each ablation, by its name. */
  public Map<String, Drawing> pictures() {
    Map<String, Drawing> pictures = new LinkedHashMap<>();
    ablations.forEach(
        (ablation, series) -> pictures.put(ablation.label(), Pictures.draw(ablation, series)));
    return pictures;
  }

  /**
   * Returns {@code {"methods": {"<method>": {"mean", "domains", …}}, "dense", "ablations",
   * "reasoning", "generation"}}.
   */
  public ObjectNode json() {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    ObjectNode all = root.putObject("methods");
    methods.forEach((method, result) -> fill(all.putObject(method.label()), result));
    if (!dense.isEmpty()) {
      ObjectNode table = root.putObject("dense");
      dense.forEach((expert, values) -> fill(table.putObject(expert), denseRow(values)));
    }
    if (!ablations.isEmpty()) {
      ObjectNode series = root.putObject("ablations");
      ablations.forEach((ablation, found) -> series.set(ablation.label(), found.json()));
    }
    reasoning.ifPresent(found -> fill(root.putObject("reasoning"), found));
    generation.ifPresent(found -> fill(root.putObject("generation"), found));
    return root;
  }

  private static void fill(ObjectNode node, Answers found) {
    ObjectNode questions = node.putObject("questions");
    found.questions().forEach(questions::put);
    ObjectNode dense = node.putObject("dense");
    found.dense().forEach(dense::put);
    ObjectNode methods = node.putObject("methods");
    found
        .methods()
        .forEach(
            (method, runs) -> {
              ObjectNode row = methods.putObject(method.label()).put("mean", found.mean(method));
              if (runs.size() > 1) {
                row.put("spread", found.spread(method)).put("seeds", runs.size());
              }
              ObjectNode domains = row.putObject("domains");
              for (String domain : found.dense().keySet()) {
                domains
                    .putObject(domain)
                    .put("accuracy", found.accuracy(method, domain))
                    .put("normalised", found.normalised(method, domain));
              }
            });
  }

  private void fill(ObjectNode node, MethodResult result) {
    node.put("mean", result.mean());
    if (result.runs().size() > 1) {
      node.put("spread", result.spread()).put("seeds", result.runs().size());
    }
    ObjectNode domains = node.putObject("domains");
    for (String domain : own.keySet()) {
      domains
          .putObject(domain)
          .put("perplexity", result.perplexity(domain))
          .put("normalised", result.normalised(domain));
    }
    result.policy().ifPresent(policy -> node.put("policy", policy));
    result
        .quality()
        .ifPresent(
            quality -> {
              ObjectNode load = node.putObject("load");
              for (int e = 0; e < experts.size(); e++) {
                load.put(experts.get(e), quality.load()[e]);
              }
              quality
                  .switchesPer100Tokens()
                  .ifPresent(value -> node.put("switches_per_100_tokens", value));
              quality
                  .segmentRouting()
                  .ifPresent(value -> node.put("segment_routing_best_performance", value));
              quality
                  .segmentCache()
                  .ifPresent(value -> node.put("segment_cache_best_hit_rate", value));
              node.put("microseconds_per_token", result.microsecondsPerToken());
            });
  }
}
