package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

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
import org.junit.jupiter.params.provider.ValueSource;

class RoutingMemoryTest {

  private static final String[] NAMES = {"a", "b", "c"};

  /** Longer than a block of the memory. */
  private static final int[] LONG = ids(1, 300);

  @TempDir static Path directory;

  private static final List<TestModel> EXPERTS = new ArrayList<>();
  private static RouterWeights router;
  private static MixtureModel model;

  @BeforeAll
  static void mergeAndLoad() throws IOException {
    List<MoErge.Expert> experts = new ArrayList<>();
    for (int e = 0; e < NAMES.length; e++) {
      ObjectNode config = TestModel.config("llama");
      config.put("max_position_embeddings", 512);
      TestModel expert = TestModel.random(config, TensorType.F32, e);
      if (e > 0) {
        EXPERTS.get(0).weights.entrySet().stream()
            .filter(tensor -> !tensor.getKey().contains(".mlp."))
            .forEach(tensor -> expert.weights.put(tensor.getKey(), tensor.getValue()));
      }
      EXPERTS.add(expert);
      experts.add(new MoErge.Expert(NAMES[e], expert.write(directory.resolve(NAMES[e]))));
    }
    Path merged = directory.resolve("merged");
    MoErge.merge(experts, merged, MoErge.Options.DEFAULT);
    model = MixtureModel.load(merged, Device.CPU);
    router = gates(7);
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "paper",
        "smoothing=0.8",
        "smoothing=0.99",
        "below=0.5",
        "above=1",
        "smoothing=0.9,below=1,above=0.25",
        "top-k=2,temperature=0.5,smoothing=0.7,above=0.5"
      })
  void shouldRouteAsTheDefinitionSays(String text) {
    RoutingPolicy policy = RoutingPolicy.parse(text);
    double[][] wanted = new ReferenceMixture(EXPERTS, router, policy).logits(LONG);

    float[] logits = model.logits(LONG, new Routing.TopK(router, policy));

    double[] flat = Arrays.stream(wanted).flatMapToDouble(Arrays::stream).toArray();
    assertThat(logits).hasSameSizeAs(flat);
    for (int i = 0; i < flat.length; i++) {
      assertThat((double) logits[i]).as("logit %d", i).isCloseTo(flat[i], within(1e-3));
    }
  }

  @Test
  void shouldChooseOtherExpertsThanThePaperWhenItRemembers() {
    float[] paper = model.logits(LONG, new Routing.TopK(router, RoutingPolicy.PAPER));

    for (String text : List.of("smoothing=0.8", "below=0.5", "above=1")) {
      float[] logits = model.logits(LONG, new Routing.TopK(router, RoutingPolicy.parse(text)));

      assertThat(logits).as(text).isNotEqualTo(paper);
    }
  }

  @Test
  void shouldForgetBetweenSequencesWhateverStandsBesideThem() {
    Routing routing = new Routing.TopK(router, RoutingPolicy.parse("smoothing=0.9,above=0.5"));
    List<int[]> windows = List.of(ids(2, 130), LONG, ids(3, 7), ids(4, 129), ids(5, 2));

    List<WindowLoss> together = model.negativeLogLikelihood(windows, routing);

    for (int i = 0; i < windows.size(); i++) {
      WindowLoss alone = model.negativeLogLikelihood(List.of(windows.get(i)), routing).get(0);
      assertThat(together.get(i).tokens()).isEqualTo(alone.tokens());
      assertThat(together.get(i).negativeLogLikelihood())
          .isCloseTo(alone.negativeLogLikelihood(), within(1e-4 * alone.tokens()));
    }
  }

  @Test
  void shouldBeThePaperToTheBitWhenTheWeightOfAllMemoryIsNothing() {
    RoutingPolicy nearly = new RoutingPolicy(1, 1, 0, Double.MIN_VALUE, Double.MIN_VALUE);

    float[] logits = model.logits(LONG, new Routing.TopK(router, nearly));

    assertThat(nearly.remembers()).isTrue();
    assertThat(logits).isEqualTo(model.logits(LONG, new Routing.TopK(router, 1, 1)));
  }

  @Test
  void shouldNeverLookAhead() {
    Routing routing =
        new Routing.TopK(router, RoutingPolicy.parse("smoothing=0.9,below=0.5,above=0.5"));
    int[] head = Arrays.copyOf(LONG, 200);
    int vocabulary = model.config().vocabSize();

    float[] logits = model.logits(LONG, routing);

    assertThat(Arrays.copyOf(logits, 200 * vocabulary))
        .containsExactly(model.logits(head, routing), within(1e-4f));
  }

  private static RouterWeights gates(long seed) {
    Random random = new Random(seed);
    int width = model.config().hiddenSize();
    List<float[]> weights = new ArrayList<>();
    List<float[]> biases = new ArrayList<>();
    for (int l = 0; l < model.config().layers(); l++) {
      float[] weight = new float[NAMES.length * width];
      for (int i = 0; i < weight.length; i++) {
        weight[i] = (float) random.nextGaussian();
      }
      weights.add(weight);
      biases.add(new float[] {0.1f, -0.2f, 0.05f});
    }
    return new RouterWeights(weights, biases, Map.of());
  }

  private static int[] ids(long seed, int length) {
    return new Random(seed).ints(length, 0, 50).toArray();
  }
}
