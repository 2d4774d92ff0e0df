package io.dume.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dume.demo.DemoAssets;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The main job on real text, with less of it than a person would see. */
class DemoIT {

  @TempDir static Path directory;

  private static Command.Result result;
  private static JsonNode report;

  @BeforeAll
  static void run() throws IOException {
    Path file = directory.resolve("report.json");
    result =
        Command.run(
            "demo",
            "--data",
            directory.resolve("data"),
            "--port",
            0,
            "--tokens-per-domain",
            15_000,
            "--test-tokens-per-domain",
            6_000,
            "--report",
            file);
    assertThat(result.status()).as(result.toString()).isZero();
    report = new ObjectMapper().readTree(file.toFile());
  }

  @Test
  void shouldReportVersionsTimeAndPerplexitiesByDomain() {
    assertThat(report.fieldNames()).toIterable().containsExactly("versions", "seconds", "domains");
    assertThat(report.get("versions").isIntegralNumber()).isTrue();
    assertThat(report.get("versions").asLong()).isGreaterThanOrEqualTo(2);
    assertThat(report.get("seconds").asDouble()).isPositive();
    assertThat(report.get("domains").fieldNames())
        .toIterable()
        .containsExactlyInAnyOrderElementsOf(DemoAssets.DOMAINS);
    assertThat(report.get("domains"))
        .allSatisfy(
            domain -> {
              assertThat(domain.fieldNames())
                  .toIterable()
                  .containsExactlyInAnyOrder(
                      "dense", "dume", "dume-memory", "average", "random", "oracle");
              assertThat(domain).allSatisfy(p -> assertThat(p.asDouble()).isGreaterThan(1));
            });
  }

  @Test
  void shouldBeAheadOfAveragingAndOfRandomRoutingOnEveryDomain() {
    for (String domain : DemoAssets.DOMAINS) {
      JsonNode row = report.get("domains").get(domain);
      assertThat(row.get("dume").asDouble())
          .as(domain)
          .isLessThan(row.get("average").asDouble())
          .isLessThan(row.get("random").asDouble());
    }
  }

  @Test
  void shouldLoseLittleOnAnyDomainWhenTheRouterRemembers() {
    for (String domain : DemoAssets.DOMAINS) {
      JsonNode row = report.get("domains").get(domain);
      assertThat(row.get("dense").asDouble() / row.get("dume-memory").asDouble())
          .as(domain)
          .isGreaterThanOrEqualTo(0.92)
          .isGreaterThan(row.get("dense").asDouble() / row.get("dume").asDouble());
    }
  }

  @Test
  void shouldReachTheMeanNormalisedPerformanceOfThePrototype() {
    double mean =
        DemoAssets.DOMAINS.stream()
            .map(report.get("domains")::get)
            .mapToDouble(row -> row.get("dense").asDouble() / row.get("dume").asDouble())
            .average()
            .orElseThrow();

    assertThat(mean).as(result.toString()).isGreaterThanOrEqualTo(0.82);
  }

  @Test
  void shouldShowTheVersionsAsTheyArriveAndLeaveADirectoryToInspect() {
    assertThat(result.err()).contains("router version 1 ").contains("router version 2 ");
    assertThat(directory.resolve("data")).isDirectory().isNotEmptyDirectory();
  }
}
