package io.dume.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dume.evaluator.Comparison;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What a demo ends with.
 *
 * @param versions the number of the last version
 * @param took from the command to the table
 * @param comparison of the last version, on test text
 */
record DemoReport(long versions, Duration took, Comparison comparison) {

  DemoReport took(Duration time) {
    return new DemoReport(versions, time, comparison);
  }

  /** Perplexities with normalised performance behind them. */
  void print(Console console) {
    console.note("");
    console.note(
        "Perplexity on test text (in brackets: the dense expert's divided by it) after %d versions"
            .formatted(versions));
    List<String> methods = List.copyOf(comparison.methods().keySet());
    List<String> header = new ArrayList<>(List.of("domain", "dense"));
    header.addAll(methods);
    Table table = new Table(header.toArray(String[]::new));
    for (String domain : comparison.domains()) {
      List<Object> row =
          new ArrayList<>(List.of(domain, "%.2f".formatted(comparison.dense().get(domain))));
      for (String method : methods) {
        row.add(
            "%.2f (%.3f)"
                .formatted(
                    comparison.methods().get(method).get(domain),
                    comparison.normalised(method, domain)));
      }
      table.row(row.toArray());
    }
    List<Object> mean = new ArrayList<>(List.of("mean", ""));
    methods.forEach(method -> mean.add("(%.3f)".formatted(comparison.meanNormalised(method))));
    table.row(mean.toArray());
    table.print(console);
    console.note("%d s in all".formatted(took.toSeconds()));
  }

  /**
   * Writes {@code {"versions", "seconds", "domains": {"<domain>": {"dense", "dume", "average",
   * "random", "oracle"}}}}, a contract with scripts.
   */
  void write(Path file) throws IOException {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("versions", versions);
    root.put("seconds", took.toMillis() / 1000.0);
    ObjectNode domains = root.putObject("domains");
    for (String domain : comparison.domains()) {
      ObjectNode row = domains.putObject(domain);
      row.put("dense", comparison.dense().get(domain));
      comparison.methods().forEach((method, values) -> row.put(method, values.get(domain)));
    }
    ResultFile.write(file, root);
  }
}
