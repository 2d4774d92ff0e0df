package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class GenerationTest {

  private static final List<String> NAMES = List.of("a", "b", "c");
  private static final int POSITIONS = 1400;

  /** Longer than a block of the memory, and than the first room of a cache. */
  private static final int[] LONG = DenseModelTest.ids(1, 300, 50);

  @TempDir static Path shared;
  @TempDir Path directory;

  private static final List<TestModel> EXPERTS = new ArrayList<>();
  private static RouterWeights router;
  private static MixtureModel model;

  @BeforeAll
  static void mergeAndLoad() throws IOException {
    List<MoErge.Expert> experts = new ArrayList<>();
    for (int e = 0; e < NAMES.size(); e++) {
      ObjectNode config = TestModel.config("qwen2");
      config.put("max_position_embeddings", POSITIONS).put("num_hidden_layers", 3);
      TestModel expert = TestModel.random(config, TensorType.F32, e);
      if (e > 0) {
        EXPERTS.get(0).weights.entrySet().stream()
            .filter(tensor -> !tensor.getKey().contains(".mlp."))
            .forEach(tensor -> expert.weights.put(tensor.getKey(), tensor.getValue()));
      }
      EXPERTS.add(expert);
      experts.add(new MoErge.Expert(NAMES.get(e), expert.write(shared.resolve(NAMES.get(e)))));
    }
    MoErge.merge(experts, shared.resolve("merged"), MoErge.Options.DEFAULT);
    model = MixtureModel.load(shared.resolve("merged"), Device.CPU);
    router = gates(7);
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("io.dume.models.DenseModelTest#architectures")
  void shouldExpectWhatTheReferenceDoesAfterEachToken(String name, ObjectNode config)
      throws IOException {
    TestModel expert = TestModel.random(config, TensorType.F32, 1);
    int[] ids = DenseModelTest.ids(2, 40, 50);
    double[][] wanted = new ReferenceModel(expert).logits(ids);

    List<Generation.Prediction> expected;
    try (DenseModel dense = DenseModel.load(expert.write(directory), Device.CPU);
        Generation generation = dense.generation()) {
      expected = readInParts(generation, ids, 10, 1, 1, 1, 5, 1);
      assertThat(generation.experts()).isEmpty();
    }

    assertClose(expected, wanted, 10, 1, 1, 1, 5, 1);
    assertThat(expected.get(0).shares()).isDeepEqualTo(new float[2][0]);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "paper",
        "smoothing=0.8",
        "smoothing=0.99",
        "below=0.5",
        "smoothing=0.9,below=1",
        "top-k=2,temperature=0.5,smoothing=0.7,below=0.2"
      })
  void shouldExpectWhatTheWholeSequenceGivesHoweverItIsDivided(String policy) {
    Routing routing = new Routing.TopK(router, RoutingPolicy.parse(policy));
    float[] whole = model.logits(LONG, routing);

    for (int[] parts : new int[][] {{200, 1, 1, 1, 1, 90, 1, 1}, {1, 255, 1, 1, 1}, {300}}) {
      try (Generation generation = model.generation(routing)) {
        List<Generation.Prediction> expected = readInParts(generation, LONG, parts);

        int at = 0;
        for (int part = 0; part < expected.size(); part++) {
          at += parts[part];
          assertThat(expected.get(part).logits())
              .as("after %d tokens", at)
              .containsExactly(Arrays.copyOfRange(whole, (at - 1) * 50, at * 50), within(1e-3f));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "top-k=2,smoothing=0.7",
        "above=1",
        "top-k=2,temperature=0.5,smoothing=0.9,below=1,above=0.25",
      })
  void shouldRouteEachTokenAsTheDefinitionSays(String text) {
    RoutingPolicy policy = RoutingPolicy.parse(text);
    int[] ids = Arrays.copyOf(LONG, 60);
    ReferenceMixture reference = new ReferenceMixture(EXPERTS, router, policy);
    double[][] wanted = reference.logitsTokenByToken(ids);
    int[] parts = new int[41];
    Arrays.fill(parts, 1);
    parts[0] = 20;

    List<Generation.Prediction> expected;
    try (Generation generation = model.generation(new Routing.TopK(router, policy))) {
      expected = readInParts(generation, ids, parts);
    }

    assertClose(expected, wanted, parts);
    for (int part = 0; part < parts.length; part++) {
      float[][] shares = expected.get(part).shares();
      assertThat(shares).hasDimensions(3, 3);
      for (int layer = 0; layer < 3; layer++) {
        for (int e = 0; e < 3; e++) {
          assertThat((double) shares[layer][e])
              .as("part %d, layer %d, expert %d", part, layer, e)
              .isCloseTo(reference.shares().get(layer)[19 + part][e], within(1e-4));
        }
      }
    }
  }

  @Test
  void shouldDifferFromTwoPassesWhereScoresComeFromAbove() {
    RoutingPolicy policy = RoutingPolicy.parse("above=1");
    int[] ids = Arrays.copyOf(LONG, 60);
    ReferenceMixture reference = new ReferenceMixture(EXPERTS, router, policy);

    double[][] exact = reference.logitsTokenByToken(ids);

    assertThat(exact).isNotEqualTo(reference.logits(ids));
  }

  @Test
  void shouldReadAPromptThatIsLongerThanOnePass() {
    int[] ids = DenseModelTest.ids(9, 1300, 50);
    Routing routing = new Routing.TopK(router, RoutingPolicy.parse("smoothing=0.9"));
    float[] whole = model.logits(ids, routing);

    Generation.Prediction expected;
    try (Generation generation = model.generation(routing)) {
      expected = generation.read(ids);
      assertThat(generation.length()).isEqualTo(1300);
      assertThat(generation.room()).isEqualTo(POSITIONS - 1300);
    }

    assertThat(expected.logits())
        .containsExactly(Arrays.copyOfRange(whole, 1299 * 50, 1300 * 50), within(1e-3f));
  }

  @Test
  void shouldGoThroughTheExpertThatIsNamedOrThroughTheAverage() {
    for (Routing routing : List.of(new Routing.Oracle(1), new Routing.Average())) {
      float[] whole = model.logits(Arrays.copyOf(LONG, 30), routing);

      try (Generation generation = model.generation(routing)) {
        List<Generation.Prediction> expected = readInParts(generation, LONG, 29, 1);

        assertThat(expected.get(1).logits())
            .containsExactly(Arrays.copyOfRange(whole, 29 * 50, 30 * 50), within(1e-4f));
        boolean oracle = routing instanceof Routing.Oracle;
        assertThat(generation.experts()).isEqualTo(oracle ? NAMES : List.of());
        assertThat(expected.get(1).shares()[2])
            .containsExactly(oracle ? new float[] {0, 1, 0} : new float[0]);
      }
    }
  }

  @Test
  void shouldDrawTheSameRandomExpertsFromTheSameSeed() {
    List<List<Generation.Prediction>> runs = new ArrayList<>();
    for (long seed : new long[] {5, 5, 6}) {
      try (Generation generation = model.generation(new Routing.UniformRandom(seed))) {
        runs.add(readInParts(generation, LONG, 10, 1, 1, 1, 1, 1, 1, 1, 1));
      }
    }

    assertThat(logits(runs.get(1))).isDeepEqualTo(logits(runs.get(0)));
    assertThat(Arrays.deepEquals(logits(runs.get(2)), logits(runs.get(0)))).isFalse();
    for (Generation.Prediction expected : runs.get(0)) {
      for (float[] layer : expected.shares()) {
        assertThat(layer).containsExactlyInAnyOrder(0, 0, 1);
      }
    }
  }

  @Test
  void shouldEndWhereTheModelsPositionsEnd() throws IOException {
    TestModel expert = TestModel.random(TestModel.config("llama"), TensorType.F32, 1);
    int[] ids = DenseModelTest.ids(2, 65, 50);
    try (DenseModel dense = DenseModel.load(expert.write(directory), Device.CPU);
        Generation generation = dense.generation()) {
      generation.read(Arrays.copyOf(ids, 60));

      assertThatThrownBy(() -> generation.read(1, 2, 3, 4, 5))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("5 tokens after 60", "max_position_embeddings = 64");
      assertThatThrownBy(() -> generation.read()).hasMessageContaining("nothing to read");
      assertThatThrownBy(() -> generation.read(50)).hasMessageContaining("token id 50");
      Generation.Prediction last = generation.read(Arrays.copyOfRange(ids, 60, 64));

      assertThat(generation.room()).isZero();
      float[] whole = dense.logits(Arrays.copyOf(ids, 64));
      assertThat(last.logits())
          .containsExactly(Arrays.copyOfRange(whole, 63 * 50, 64 * 50), within(1e-4f));
    }
  }

  @Test
  void shouldKeepNothingOfAStepButWhatTheNextOneNeeds() throws IOException {
    RoutingPolicy policy = RoutingPolicy.parse("smoothing=0.9,below=1,above=1");
    try (MergedModel merged = MergedModel.open(shared.resolve("merged"))) {
      LoadedBackbone loaded = new LoadedBackbone(merged, Device.CPU);
      WeightUploader uploader = new WeightUploader(loaded.manager());
      List<List<Mlp>> mlps = new ArrayList<>();
      for (int e = 0; e < NAMES.size(); e++) {
        mlps.add(loaded.loadExpert(merged, e, uploader).value());
      }
      NDManager manager = loaded.manager().newSubManager();
      MixtureStep mixture =
          new MixtureStep(loaded.forward(), merged.manifest(), mlps, ChoiceListener.NONE);
      Generation.Step step = mixture.ongoing(new Routing.TopK(router, policy), manager);
      Generation generation = new Generation(loaded.forward(), step, manager);
      generation.read(1, 2, 3);
      int held = manager.getManagedArrays().size();

      generation.read(LONG);

      assertThat(manager.getManagedArrays()).hasSize(held);
      loaded.close();
    }
  }

  @Test
  void shouldRefuseARoutingThatDoesNotFit() {
    RoutingPolicy many = RoutingPolicy.PAPER.withChoice(4, 1);

    assertThatThrownBy(() -> model.generation(new Routing.TopK(router, many)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("top-k = 4");
    assertThatThrownBy(() -> model.generation(new Routing.Oracle(3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expert 3");
  }

  private static List<Generation.Prediction> readInParts(
      Generation generation, int[] ids, int... parts) {
    List<Generation.Prediction> expected = new ArrayList<>();
    int at = 0;
    for (int part : parts) {
      expected.add(generation.read(Arrays.copyOfRange(ids, at, at + part)));
      at += part;
      assertThat(generation.length()).isEqualTo(at);
    }
    return expected;
  }

  private static float[][] logits(List<Generation.Prediction> expected) {
    return expected.stream().map(Generation.Prediction::logits).toArray(float[][]::new);
  }

  private static void assertClose(
      List<Generation.Prediction> expected, double[][] wanted, int... parts) {
    int at = 0;
    for (int part = 0; part < parts.length; part++) {
      at += parts[part];
      float[] logits = expected.get(part).logits();
      assertThat(logits).hasSize(wanted[0].length);
      for (int v = 0; v < logits.length; v++) {
        assertThat((double) logits[v])
            .as("after %d tokens, of token %d", at, v)
            .isCloseTo(wanted[at - 1][v], within(1e-3));
      }
    }
  }

  private static RouterWeights gates(long seed) {
    Random random = new Random(seed);
    int width = model.config().hiddenSize();
    List<float[]> weights = new ArrayList<>();
    List<float[]> biases = new ArrayList<>();
    for (int l = 0; l < model.config().layers(); l++) {
      float[] weight = new float[NAMES.size() * width];
      for (int i = 0; i < weight.length; i++) {
        weight[i] = (float) random.nextGaussian();
      }
      weights.add(weight);
      biases.add(new float[] {0.1f, -0.2f, 0.05f});
    }
    return new RouterWeights(weights, biases, Map.of());
  }
}
