package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The forward pass of what the golden files do not have, against {@link ReferenceModel}. */
class DenseModelTest {

  @TempDir Path directory;

  static Stream<Arguments> architectures() {
    return Stream.of(
        architecture("llama, wide heads", "llama", c -> c),
        architecture("llama, one head for all keys", "llama", c -> c.put("num_key_value_heads", 1)),
        architecture("llama, no grouping", "llama", c -> c.put("num_key_value_heads", 4)),
        architecture("llama, tied", "llama", c -> c.put("tie_word_embeddings", true)),
        architecture("llama, attention bias", "llama", c -> c.put("attention_bias", true)),
        architecture("llama, another theta", "llama", c -> c.put("rope_theta", 500000.0)),
        architecture("llama, large eps", "llama", c -> c.put("rms_norm_eps", 0.1)),
        architecture("llama3 rope", "llama", DenseModelTest::llama3),
        architecture(
            "linear rope, old key",
            "llama",
            c -> {
              c.putObject("rope_scaling").put("type", "linear").put("factor", 4.0);
              return c;
            }),
        architecture(
            "rope parameters",
            "llama",
            c -> {
              c.remove("rope_theta");
              c.putObject("rope_parameters")
                  .put("rope_type", "linear")
                  .put("rope_theta", 700.0)
                  .put("factor", 2.0);
              return c;
            }),
        architecture("mistral", "mistral", c -> c.put("sliding_window", 64)),
        architecture(
            "qwen2, tied",
            "qwen2",
            c -> c.put("tie_word_embeddings", true).put("use_sliding_window", false)));
  }

  private static ObjectNode llama3(ObjectNode config) {
    // Of four pairs one is kept, one blended and two divided.
    config
        .putObject("rope_scaling")
        .put("rope_type", "llama3")
        .put("factor", 8.0)
        .put("low_freq_factor", 1.0)
        .put("high_freq_factor", 4.0)
        .put("original_max_position_embeddings", 100);
    return config;
  }

  private static Arguments architecture(
      String name, String type, UnaryOperator<ObjectNode> change) {
    return Arguments.of(name, change.apply(TestModel.config(type)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("architectures")
  void shouldComputeTheLogitsOfTheReference(String name, ObjectNode config) throws IOException {
    TestModel model = TestModel.random(config, TensorType.F32, 1);
    model.write(directory);
    int[] ids = ids(2, 40, 50);

    try (DenseModel dense = DenseModel.load(directory, Device.CPU)) {
      assertClose(dense.logits(ids), new ReferenceModel(model).logits(ids));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = TensorType.class,
      names = {"F16", "BF16", "F64"})
  void shouldReadWeightsOfEveryFloatingPointType(TensorType type) throws IOException {
    TestModel model = TestModel.random(TestModel.config("llama"), type, 3);
    model.write(directory);
    int[] ids = ids(4, 10, 50);

    try (DenseModel dense = DenseModel.load(directory, Device.CPU)) {
      assertClose(dense.logits(ids), new ReferenceModel(model).logits(ids));
    }
  }

  @Test
  void shouldComputeTheSameFromShards() throws IOException {
    TestModel model = TestModel.random(TestModel.config("llama"), TensorType.F32, 5);
    Path single = model.write(directory.resolve("single"));
    Path sharded = model.writeSharded(directory.resolve("sharded"), 4);
    int[] ids = ids(6, 20, 50);

    try (DenseModel one = DenseModel.load(single, Device.CPU);
        DenseModel other = DenseModel.load(sharded, Device.CPU)) {
      assertThat(other.logits(ids)).isEqualTo(one.logits(ids));
    }
  }

  @Test
  void shouldSumTheLikelihoodOfAllTokensButTheFirstOfAWindow() throws IOException {
    TestModel model = TestModel.random(TestModel.config("llama"), TensorType.F32, 7);
    model.write(directory);
    List<int[]> windows = List.of(ids(1, 5, 50), ids(2, 1, 50), ids(3, 33, 50), ids(4, 12, 50));

    List<WindowLoss> losses;
    try (DenseModel dense = DenseModel.load(directory, Device.CPU)) {
      losses = dense.negativeLogLikelihood(windows);
    }

    ReferenceModel reference = new ReferenceModel(model);
    for (int w = 0; w < windows.size(); w++) {
      int[] ids = windows.get(w);
      double expected = 0;
      double[][] logits = reference.logits(ids);
      for (int t = 0; t + 1 < ids.length; t++) {
        double total = 0;
        for (double logit : logits[t]) {
          total += Math.exp(logit);
        }
        expected += Math.log(total) - logits[t][ids[t + 1]];
      }
      assertThat(losses.get(w).tokens()).isEqualTo(ids.length - 1);
      assertThat(losses.get(w).negativeLogLikelihood())
          .isCloseTo(expected, within(1e-4 * Math.max(1, expected)));
    }
  }

  @ParameterizedTest
  @CsvSource({"BY_SEQUENCE, 4", "BY_SEQUENCE, 2", "BY_SEQUENCE, 1", "AS_GRID, 4", "AS_GRID, 2"})
  void shouldAttendToAllThatCameBeforeAlsoBeyondOneBlockOfQueries(Attention attention, int keys)
      throws IOException {
    ObjectNode config = TestModel.config("llama");
    config.put("max_position_embeddings", 256).put("num_key_value_heads", keys);
    TestModel model = TestModel.random(config, TensorType.F32, 1);
    model.write(directory);
    int[] ids = ids(2, 150, 50);

    try (DenseModel dense = DenseModel.load(directory, Device.CPU, attention)) {
      assertClose(dense.logits(ids), new ReferenceModel(model).logits(ids));
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldScoreAWindowAlikeWhateverIsBatchedWithIt(Attention attention) throws IOException {
    TestModel model = TestModel.random(TestModel.config("llama"), TensorType.F32, 8);
    model.write(directory);
    int[] window = ids(9, 17, 50);
    List<int[]> crowd = new ArrayList<>();
    // More tokens than one forward pass takes.
    for (int i = 0; i < 300; i++) {
      crowd.add(ids(10 + i, 1 + i % 64, 50));
    }
    crowd.set(123, window);

    try (DenseModel dense = DenseModel.load(directory, Device.CPU, attention)) {
      double alone = dense.negativeLogLikelihood(List.of(window)).get(0).negativeLogLikelihood();
      WindowLoss among = dense.negativeLogLikelihood(crowd).get(123);

      assertThat(among.tokens()).isEqualTo(16);
      assertThat(among.negativeLogLikelihood()).isCloseTo(alone, within(1e-4));
    }
  }

  @Test
  void shouldRefuseSequencesThatTheModelCannotTake() throws IOException {
    TestModel.random(TestModel.config("llama"), TensorType.F32, 1).write(directory);

    try (DenseModel dense = DenseModel.load(directory, Device.CPU)) {
      assertThatThrownBy(() -> dense.logits(new int[0]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("0 tokens");
      assertThatThrownBy(() -> dense.logits(new int[65])).hasMessageContaining("65 tokens");
      assertThatThrownBy(() -> dense.logits(new int[] {1, 50})).hasMessageContaining("id 50");
      assertThatThrownBy(() -> dense.negativeLogLikelihood(List.of(new int[] {1}, new int[] {-1})))
          .hasMessageContaining("sequence 1")
          .hasMessageContaining("id -1");
    }
  }

  static int[] ids(long seed, int length, int vocabulary) {
    return new Random(seed).ints(length, 0, vocabulary).toArray();
  }

  private static void assertClose(float[] actual, double[][] expected) {
    int vocabulary = expected[0].length;
    assertThat(actual).hasSize(expected.length * vocabulary);
    for (int t = 0; t < expected.length; t++) {
      for (int v = 0; v < vocabulary; v++) {
        assertThat((double) actual[t * vocabulary + v])
            .as("position %d, token %d", t, v)
            .isCloseTo(expected[t][v], within(1e-4));
      }
    }
  }
}
