package io.dume.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Of texts or their pieces that had a label: how many came to its expert, and to which the others
 * went.
 */
final class RouteReport {

  private final String unit;
  private final Map<String, Row> rows = new LinkedHashMap<>();
  private final Map<String, Long> unknown = new TreeMap<>();
  private List<String> experts = List.of();

  /**
   * @param unit what is counted: texts, or pieces of them
   */
  RouteReport(String unit) {
    this.unit = unit;
  }

  /** What there is of a domain. */
  private static final class Row {
    private final Map<String, Long> byExpert = new LinkedHashMap<>();
    private long texts;
    private long right;

    void add(String expert, boolean isRight) {
      byExpert.merge(expert, 1L, Long::sum);
      texts++;
      right += isRight ? 1 : 0;
    }

    double accuracy() {
      return (double) right / texts;
    }
  }

  /**
   * Counts a text, or a piece of one.
   *
   * @param all the router's experts
   * @param domain its label
   * @param expected the label's expert
   * @param expert the one that it was routed to
   */
  void add(List<String> all, String domain, String expected, String expert) {
    List<String> merged = new ArrayList<>(experts);
    all.stream().filter(name -> !merged.contains(name)).forEach(merged::add);
    experts = merged;
    if (all.contains(expected)) {
      rows.computeIfAbsent(domain, d -> new Row()).add(expert, expert.equals(expected));
    } else {
      unknown.merge(domain, 1L, Long::sum);
    }
  }

  /** Whether nothing had a label that says anything. */
  boolean isEmpty() {
    return rows.isEmpty();
  }

  private Row all() {
    Row all = new Row();
    for (Row row : rows.values()) {
      all.texts += row.texts;
      all.right += row.right;
      row.byExpert.forEach((expert, texts) -> all.byExpert.merge(expert, texts, Long::sum));
    }
    return all;
  }

  /** Prints accuracy and confusion as one table, and which labels say nothing. */
  void print(Console console) {
    if (!rows.isEmpty()) {
      List<String> header = new ArrayList<>(List.of("domain", unit, "accuracy"));
      experts.forEach(expert -> header.add("to " + expert));
      Table table = new Table(header.toArray(String[]::new));
      rows.forEach((domain, row) -> table.row(cells(domain, row)));
      table.row(cells("all", all()));
      table.print(console);
    }
    noteUnknown(console);
  }

  /** Says which labels belong to no expert of the router. */
  void noteUnknown(Console console) {
    unknown.forEach(
        (domain, texts) ->
            console.note(
                "domain %s has no expert in this router, which has %s: its %s (%d) count for no accuracy"
                    .formatted(domain, String.join(", ", experts), unit, texts)));
  }

  private Object[] cells(String domain, Row row) {
    List<Object> cells = new ArrayList<>(List.of(domain, row.texts));
    cells.add(String.format(Locale.ROOT, "%.4f", row.accuracy()));
    experts.forEach(expert -> cells.add(row.byExpert.getOrDefault(expert, 0L)));
    return cells.toArray();
  }

  /** The same as JSON: how many, accuracy, domains with theirs, and confusion[domain][expert]. */
  ObjectNode document() {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    Row all = all();
    root.put(unit, all.texts);
    if (all.texts > 0) {
      root.put("accuracy", all.accuracy());
    }
    ObjectNode domains = root.putObject("domains");
    ObjectNode confusion = root.putObject("confusion");
    rows.forEach(
        (domain, row) -> {
          domains.putObject(domain).put(unit, row.texts).put("accuracy", row.accuracy());
          ObjectNode to = confusion.putObject(domain);
          experts.forEach(expert -> to.put(expert, row.byExpert.getOrDefault(expert, 0L)));
        });
    ObjectNode without = root.putObject("unknownDomains");
    unknown.forEach(without::put);
    return root;
  }
}
