package io.dume.e2e;

import static io.dume.e2e.GoldenOracle.EXPERTS;
import static io.dume.e2e.GoldenOracle.LAYERS;
import static io.dume.e2e.GoldenOracle.WIDTH;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.dume.models.Safetensors;
import io.dume.models.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The whole pipeline, broker included, against the float64 oracle. */
class GoldenPipelineIT {

  /** Rows of the augmented statistics. */
  private static final int N = WIDTH + 1;

  @TempDir static Path directory;

  private static Path model;
  private static FitOutput fit;

  @BeforeAll
  static void mergeAndFit() throws IOException {
    model = GoldenOracle.merge(directory.resolve("merged"));
    fit = fit("fit", GoldenOracle.lines(), 1);
  }

  private static FitOutput fit(String name, List<String> lines, int workers) throws IOException {
    Path batches = Files.write(directory.resolve(name + ".jsonl"), lines);
    Path out = directory.resolve(name);
    Command.Result result = FitOutput.fit(model, batches, out, workers);
    assertThat(result.status()).as(result.toString()).isZero();
    return new FitOutput(out);
  }

  @Test
  void shouldWriteTheStatisticsOfTheOracleWholeAndInFloat64() throws IOException {
    double[] expectedA = GoldenOracle.expected("A");
    double[] expectedB = GoldenOracle.expected("b");
    int experts = EXPERTS.size();
    try (Safetensors file = Safetensors.open(fit.statistics())) {
      assertThat(file.names()).hasSize(2 * LAYERS);
      for (int l = 0; l < LAYERS; l++) {
        String layer = "layers.%d.".formatted(l);
        assertThat(file.spec(layer + "A").type()).isEqualTo(TensorType.F64);
        assertThat(file.spec(layer + "A").shape()).containsExactly((long) N, (long) N);
        assertThat(file.spec(layer + "b").type()).isEqualTo(TensorType.F64);
        assertThat(file.spec(layer + "b").shape()).containsExactly((long) N, (long) experts);

        double[] a = file.readDoubles(layer + "A");
        double[] wantedA = GoldenOracle.part(expectedA, l, N * N);
        double[] b = file.readDoubles(layer + "b");
        double[] wantedB = GoldenOracle.part(expectedB, l, N * experts);
        for (int row = 0; row < N; row++) {
          for (int column = 0; column < N; column++) {
            int at = row * N + column;
            // |A_ij| is at most the geometric mean of the two diagonal entries.
            double scale = Math.sqrt(wantedA[row * (N + 1)] * wantedA[column * (N + 1)]);
            assertThat(Math.abs(a[at] - wantedA[at]) / scale)
                .as("A of layer %d at (%d, %d)", l, row, column)
                .isLessThan(1e-5);
            assertThat(a[at])
                .as("A of layer %d at (%d, %d) and mirrored", l, row, column)
                .isEqualTo(a[column * N + row]);
          }
          for (int expert = 0; expert < experts; expert++) {
            int at = row * experts + expert;
            double tokens = wantedB[WIDTH * experts + expert];
            double scale = Math.sqrt(wantedA[row * (N + 1)] * tokens);
            assertThat(Math.abs(b[at] - wantedB[at]) / scale)
                .as("b of layer %d at (%d, %d)", l, row, expert)
                .isLessThan(1e-5);
          }
        }
      }
    }
  }

  @Test
  void shouldWriteTheGatesOfTheOracle() throws IOException {
    GoldenOracle.assertGates(fit.router());
  }

  @Test
  void shouldSayWhatTheVersionIsMadeFrom() throws IOException {
    JsonNode version = fit.version();

    assertThat(version.get("router").asText()).isEqualTo("default");
    assertThat(version.get("version").asLong()).isEqualTo(1);
    assertThat(version.get("lambda").asDouble()).isEqualTo(0.01);
    assertThat(version.get("factorisation").asText()).isIn("ejml", "openblas");
    assertThat(version.get("sha256").asText()).matches("[0-9a-f]{64}");
    assertThat(Instant.parse(version.get("createdAt").asText())).isBefore(Instant.now());
    assertThat(version.get("fit").get("id").asText()).matches("[0-9a-f]{32}");
    assertThat(version.get("fit").get("contextDim").asInt()).isEqualTo(GoldenOracle.CONTEXT_DIM);
    assertThat(version.get("experts").findValuesAsText("name")).isEqualTo(EXPERTS);
    assertThat(version.get("domains"))
        .allSatisfy(
            domain ->
                assertThat(domain.get("tokens").asLong())
                    .isEqualTo(GoldenOracle.tokens(domain.get("domain").asText())))
        .hasSize(EXPERTS.size());
    // Positions, in which Kafka counts its own markers too, so at least as many as lines.
    long covered = 0;
    for (JsonNode range : version.get("offsets")) {
      assertThat(range.get("from").asLong()).isZero();
      covered += range.get("to").asLong();
    }
    assertThat(covered).isGreaterThanOrEqualTo(GoldenOracle.lines().size());
    assertThat(version.get("flushes").asLong()).isPositive();
    assertThat(version.get("layers"))
        .hasSize(LAYERS)
        .allSatisfy(
            layer -> {
              assertThat(layer.get("residual").asDouble()).isBetween(0.0, 1e-10);
              assertThat(layer.get("smallestPivot").asDouble()).isPositive();
            });
  }

  @Test
  void shouldGiveTheSameBytesWithThreeWorkersAndShuffledLines() throws IOException {
    List<String> lines = new ArrayList<>(GoldenOracle.lines());
    Collections.shuffle(lines, new Random(7));

    FitOutput shuffled = fit("shuffled", lines, 3);

    assertThat(shuffled.sha256()).isEqualTo(fit.sha256());
    assertThat(shuffled.routerTensors()).isEqualTo(fit.routerTensors());
    assertThat(shuffled.statisticsBytes()).isEqualTo(fit.statisticsBytes());
  }

  /** Token embeddings as features: the same pipeline, one layer, and nothing else to compute. */
  @Test
  void shouldSolveOneGateFromTheTokenEmbeddings() throws IOException {
    Path batches = Files.write(directory.resolve("embedding.jsonl"), GoldenOracle.lines());
    FitOutput output = new FitOutput(directory.resolve("embedding"));

    Command.Result result = FitOutput.fit(model, batches, output.directory(), 2, "embedding");

    assertThat(result.status()).as(result.toString()).isZero();
    EmbeddingOracle oracle = EmbeddingOracle.of(model);
    assertThat(output.version().at("/fit/featureSource").asText()).isEqualTo("embedding");
    assertThat(output.version().at("/fit/layersOfModel").asInt()).isEqualTo(1);
    try (Safetensors file = Safetensors.open(output.statistics())) {
      assertThat(file.names()).containsExactlyInAnyOrder("layers.0.A", "layers.0.b");
      double[] a = file.readDoubles("layers.0.A");
      assertThat(GoldenOracle.largestDifference(a, oracle.a())).isLessThan(1e-4);
    }
    try (Safetensors file = Safetensors.open(output.router())) {
      assertThat(file.names()).hasSize(2);
      assertThat(file.metadata()).containsEntry("feature_source", "embedding");
      String gate = "model.layers.0.mlp.gate.";
      assertThat(GoldenOracle.largestDifference(file.readDoubles(gate + "weight"), oracle.weight()))
          .isLessThan(1e-6);
      assertThat(GoldenOracle.largestDifference(file.readDoubles(gate + "bias"), oracle.bias()))
          .isLessThan(1e-6);
    }
    Path ids = Files.writeString(directory.resolve("one.json"), "[[1, 2]]");
    Path out = directory.resolve("none.safetensors");
    Command.Result refused =
        Command.run(
            "logits", "--model", model, "--router", output.router(), "--ids", ids, "--out", out);
    assertThat(refused.status()).isEqualTo(1);
    assertThat(refused.err()).contains("token embeddings", "dume route");
  }

  @Test
  void shouldCoverEveryCaseOfLogitsInTheOracle() throws IOException {
    assertThat(GoldenOracle.tensors().stream().filter(name -> name.startsWith("logits.")))
        .containsExactlyInAnyOrder(
            "logits.top1.temp1.0",
            "logits.top2.temp1.0",
            "logits.top2.temp0.1",
            "logits.average",
            "logits.oracle0");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "logits.top1.temp1.0, fitted, 1, 1.0",
    "logits.top2.temp1.0, fitted, 2, 1.0",
    "logits.top2.temp0.1, fitted, 2, 0.1",
    "logits.average, average, 1, 1.0",
    "logits.oracle0, oracle:e0, 1, 1.0"
  })
  void shouldWriteTheLogitsOfTheOracle(
      String tensor, String router, String topK, String temperature) throws IOException {
    JsonNode tests = GoldenOracle.inputs().get("test_ids");
    Path ids = Files.writeString(directory.resolve("ids.json"), tests.toString());
    Path out = directory.resolve(tensor + ".safetensors");

    Command.Result result =
        Command.run(
            "logits",
            "--model",
            model,
            "--router",
            router.equals("fitted") ? fit.router() : router,
            "--ids",
            ids,
            "--top-k",
            topK,
            "--temperature",
            temperature,
            "--out",
            out);

    assertThat(result.status()).as(result.toString()).isZero();
    double[] expected = GoldenOracle.expected(tensor);
    try (Safetensors file = Safetensors.open(out)) {
      assertThat(file.names()).hasSize(tests.size());
      for (int i = 0; i < tests.size(); i++) {
        String name = "logits." + i;
        int tokens = tests.get(i).size();
        assertThat(file.spec(name).type()).isEqualTo(TensorType.F32);
        assertThat(file.spec(name).shape())
            .containsExactly((long) tokens, (long) GoldenOracle.VOCABULARY);
        double[] wanted = GoldenOracle.part(expected, i, tokens * GoldenOracle.VOCABULARY);
        assertThat(GoldenOracle.largestDifference(file.readDoubles(name), wanted))
            .as(name)
            .isLessThan(1e-4);
      }
    }
  }
}
