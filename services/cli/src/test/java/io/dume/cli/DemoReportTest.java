package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dume.evaluator.Comparison;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoReportTest {

  @TempDir private Path directory;

  @Test
  void shouldWriteWhatScriptsRelyOn() throws IOException {
    Path file = directory.resolve("report.json");

    report().write(file);

    JsonNode expected =
        new ObjectMapper()
            .readTree(
                """
                {"versions": 7, "seconds": 81.25, "domains": {
                  "math": {"dense": 4.0, "dume": 5.0, "average": 8.0, "random": 16.0, "oracle": 4.0},
                  "code": {"dense": 8.0, "dume": 8.0, "average": 10.0, "random": 20.0, "oracle": 8.0}}}
                """);
    assertThat(new ObjectMapper().readTree(file.toFile())).isEqualTo(expected);
  }

  @Test
  void shouldPrintPerplexitiesAndTheMeanOfNormalisedPerformance() {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    Console console = new Console(new PrintWriter(out), new PrintWriter(err), false);

    report().print(console);

    assertThat(out.toString().lines())
        .anySatisfy(line -> assertThat(line).matches("math +4\\.00 +5\\.00 \\(0\\.800\\) .*"))
        // (4/5 + 8/8) / 2
        .anySatisfy(line -> assertThat(line).matches("mean +\\(0\\.900\\) .*"));
    assertThat(err.toString()).contains("after 7 versions", "81 s in all");
  }

  private static DemoReport report() {
    Map<String, Double> dense = domains(4, 8);
    Map<String, Map<String, Double>> methods = new LinkedHashMap<>();
    methods.put("dume", domains(5, 8));
    methods.put("average", domains(8, 10));
    methods.put("random", domains(16, 20));
    methods.put("oracle", domains(4, 8));
    return new DemoReport(7, Duration.ZERO, new Comparison(dense, methods))
        .took(Duration.ofMillis(81_250));
  }

  private static Map<String, Double> domains(double math, double code) {
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("math", math);
    values.put("code", code);
    return values;
  }
}
