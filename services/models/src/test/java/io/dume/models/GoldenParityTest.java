package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Merge and forward pass against an independent float64 implementation. */
class GoldenParityTest {

  @TempDir static Path directory;

  private static MixtureModel model;

  @BeforeAll
  static void mergeAndLoad() throws IOException {
    Golden.merge(directory.resolve("merged"));
    model = MixtureModel.load(directory.resolve("merged"), Device.CPU);
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void shouldExtractTheFeaturesOfTheOracle(int expert) throws IOException {
    int[][] first = {Golden.sequences(expert)[0]};

    try (RecordStatistics record = model.extract(expert, first, first[0].length)) {
      for (int l = 0; l < record.layers(); l++) {
        double[] expected = Golden.expected("x.d%d.0.layer%d".formatted(expert, l));
        assertThat(relativeError(record.firstSequenceFeatures(l), expected)).isLessThan(1e-5);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(GramType.class)
  void shouldSumTheGramMatricesOfTheOracle(GramType type) throws IOException {
    int contextDim = Golden.inputs().get("context_dim").asInt();
    double[] expected = Golden.expected("gram");
    int size = 49 * 49;
    double[] gram = new double[size];
    for (int expert = 0; expert < 3; expert++) {
      try (RecordStatistics record = model.extract(expert, Golden.sequences(expert), contextDim)) {
        for (int l = 0; l < 3; l++) {
          record.gram(l, type, gram);
          for (int i = 0; i < size; i++) {
            gram[i] = gram[Math.min(i, i % 49 * 49 + i / 49)];
          }

          int from = (l * 3 + expert) * size;
          double[] wanted = Arrays.copyOfRange(expected, from, from + size);
          assertThat(gramError(gram, wanted)).isLessThan(1e-5);
          assertThat(gram[size - 1]).isEqualTo(record.tokens());
          double largest = 0;
          for (int i = 0; i < 49; i++) {
            largest = Math.max(largest, wanted[i * 50]);
          }
          assertThat(record.largestDiagonal(l))
              .isCloseTo(largest, org.assertj.core.data.Offset.offset(1e-5 * largest));
        }
      }
    }
  }

  static Stream<Arguments> logitCases() throws IOException {
    RouterWeights gates = Golden.gates();
    return Stream.of(
        Arguments.of("logits.top1.temp1.0", new Routing.TopK(gates, 1, 1)),
        Arguments.of("logits.top2.temp1.0", new Routing.TopK(gates, 2, 1)),
        Arguments.of("logits.top2.temp0.1", new Routing.TopK(gates, 2, 0.1)),
        Arguments.of("logits.average", new Routing.Average()),
        Arguments.of("logits.oracle0", new Routing.Oracle(0)));
  }

  @Test
  void shouldHaveACaseForAllLogitsInTheFile() throws IOException {
    try (Safetensors file = Safetensors.open(Golden.DIRECTORY.resolve("expected.safetensors"))) {
      assertThat(file.names().stream().filter(name -> name.startsWith("logits.")))
          .containsExactlyInAnyOrderElementsOf(logitCases().map(c -> (String) c.get()[0]).toList());
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("logitCases")
  void shouldComputeTheLogitsOfTheOracle(String tensor, Routing routing) throws IOException {
    double[] expected = Golden.expected(tensor);
    int size = 24 * 256;
    JsonNode tests = Golden.inputs().get("test_ids");
    for (int i = 0; i < tests.size(); i++) {
      float[] logits = model.logits(Golden.ids(tests.get(i)), routing);

      double[] wanted = Arrays.copyOfRange(expected, i * size, (i + 1) * size);
      assertThat(largestDifference(logits, wanted)).isLessThan(1e-4);
    }
  }

  private static double largestDifference(float[] actual, double[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(actual[i] - expected[i]));
    }
    return largest;
  }

  /** The largest difference over the largest entry. */
  private static double relativeError(float[] actual, double[] expected) {
    double scale = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
    return largestDifference(actual, expected) / scale;
  }

  /** The largest difference of an entry over the geometric mean of its two diagonal entries. */
  private static double gramError(double[] actual, double[] expected) {
    double largest = 0;
    for (int row = 0; row < 49; row++) {
      for (int column = 0; column < 49; column++) {
        int at = row * 49 + column;
        double scale = Math.sqrt(expected[row * 50] * expected[column * 50]);
        largest = Math.max(largest, Math.abs(actual[at] - expected[at]) / scale);
        assertThat(actual[at]).isEqualTo(actual[column * 49 + row]);
      }
    }
    return largest;
  }
}
