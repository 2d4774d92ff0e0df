package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
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

class GateGradientTest {

  private static final int EXPERTS = 3;
  private static final int WIDTH = 24;
  private static final int LAYERS = 2;

  @TempDir private static Path shared;
  private static MixtureModel model;

  private final List<int[]> windows = List.of(window(1), window(2), window(3));

  @BeforeAll
  static void merge() throws IOException {
    ObjectNode config = TestModel.config("qwen2");
    List<MoErge.Expert> experts = new ArrayList<>();
    for (int e = 0; e < EXPERTS; e++) {
      Path directory = TestModel.random(config, TensorType.F32, e).write(shared.resolve("e" + e));
      experts.add(new MoErge.Expert("e" + e, directory));
    }
    MoErge.merge(experts, shared.resolve("merged"), MoErge.Options.DEFAULT);
    model = MixtureModel.load(shared.resolve("merged"), Device.CPU);
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void shouldHaveTheLossOfTheMixtureItself(int k) {
    RoutingPolicy policy = RoutingPolicy.PAPER.withChoice(k, 0.7);

    double loss = model.gateGradient(windows, router(), policy, 0).loss();

    assertThat(loss).isCloseTo(loss(router(), policy), within(1e-4));
  }

  @Test
  void shouldBeTheSlopeOfTheLoss() {
    RoutingPolicy policy = RoutingPolicy.PAPER.withChoice(2, 0.7);

    GateGradient gradient = model.gateGradient(windows, router(), policy, 0);

    float step = 2e-3f;
    for (int layer = 0; layer < LAYERS; layer++) {
      for (int i = 0; i < EXPERTS; i++) {
        double slope =
            (loss(moved(layer, i, step), policy) - loss(moved(layer, i, -step), policy))
                / (2 * step);
        assertThat((double) gradient.biases().get(layer)[i]).isCloseTo(slope, within(3e-3));
      }
    }
    assertThat(gradient.weights()).allSatisfy(layer -> assertThat(layer).hasSize(EXPERTS * WIDTH));
    assertThat(largest(gradient.biases().get(0))).isGreaterThan(0.02);
  }

  @Test
  void shouldHaveAGradientWithOneExpertATokenToo() {
    GateGradient gradient = model.gateGradient(windows, router(), RoutingPolicy.PAPER, 0);

    assertThat(gradient.biases())
        .allSatisfy(
            layer -> {
              assertThat(largest(layer)).isGreaterThan(1e-4);
              // Probabilities add up to one, whatever is added to all scores.
              assertThat((double) layer[0] + layer[1] + layer[2]).isCloseTo(0, within(1e-5));
            });
  }

  @Test
  void shouldPushTowardsAnEvenLoadWhereAsked() {
    List<float[]> weights = List.of(new float[EXPERTS * WIDTH], new float[EXPERTS * WIDTH]);
    List<float[]> biases = List.of(new float[] {2, 0, -1}, new float[] {2, 0, -1});
    RouterWeights onesided = new RouterWeights(weights, biases, Map.of());

    GateGradient plain = model.gateGradient(windows, onesided, RoutingPolicy.PAPER, 0);
    GateGradient balanced = model.gateGradient(windows, onesided, RoutingPolicy.PAPER, 10);

    double share = Math.exp(2) / (Math.exp(2) + 1 + Math.exp(-1));
    assertThat(plain.imbalance()).isCloseTo(3 * share, within(1e-4));
    assertThat(balanced.loss()).isEqualTo(plain.loss());
    assertThat(balanced.biases().get(0)[0]).isGreaterThan(plain.biases().get(0)[0] + 1);
  }

  @Test
  void shouldLeaveEveryWeightOfTheModelAsItIs() {
    Routing fixed = new Routing.TopK(router(), 2, 1);
    int[] text = window(9);
    float[] before = model.logits(text, fixed);
    float[] averageBefore = model.logits(text, new Routing.Oracle(1));

    for (int step = 0; step < 3; step++) {
      model.gateGradient(windows, router(), RoutingPolicy.PAPER.withChoice(2, 1), 0.1);
    }

    assertThat(model.logits(text, fixed)).containsExactly(before);
    assertThat(model.logits(text, new Routing.Oracle(1))).containsExactly(averageBefore);
  }

  @Test
  void shouldRefuseAPolicyThatRemembersAndWindowsOfSeveralLengths() {
    assertThatThrownBy(
            () -> model.gateGradient(windows, router(), RoutingPolicy.PAPER.withSmoothing(0.5), 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("without memory");
    assertThatThrownBy(
            () ->
                model.gateGradient(
                    List.of(window(1), new int[] {1, 2}), router(), RoutingPolicy.PAPER, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("one length");
  }

  @Test
  void shouldNameWhatOfItsArgumentsDoesNotFit() {
    RouterWeights shallow =
        new RouterWeights(
            List.of(new float[EXPERTS * WIDTH]), List.of(new float[EXPERTS]), Map.of());
    RoutingPolicy paper = RoutingPolicy.PAPER;

    assertThatThrownBy(() -> model.gateGradient(windows, shallow, paper, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the router is for 1 layers and width 24, the model has 2 and 24");
    assertThatThrownBy(() -> model.gateGradient(List.of(), router(), paper, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("0 windows");
    assertThatThrownBy(
            () -> model.gateGradient(List.of(new int[] {1, 1 << 20}), router(), paper, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("token id 1048576: outside the vocabulary");
    assertThatThrownBy(() -> model.gateGradient(windows, router(), paper, Double.NaN))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("balance NaN");
  }

  @ParameterizedTest
  @ValueSource(strings = {"paper", "smoothing=0.8", "smoothing=0.5,above=0.5"})
  void shouldTellWhichExpertEachTokenWentThrough(String policy) {
    // Given windows of several lengths and what each token's choice was
    List<int[]> texts = List.of(new int[] {5}, window(4), new int[] {7, 8, 9});
    int[][][] chosen = new int[texts.size()][LAYERS][];

    // When they are read
    model.negativeLogLikelihood(
        texts,
        new Routing.TopK(router(), RoutingPolicy.parse(policy)),
        (window, layer, experts) -> chosen[window][layer] = experts);

    // Then each window has as many choices as tokens, those that it has alone
    for (int w = 0; w < texts.size(); w++) {
      int[][] alone = new int[LAYERS][];
      model.negativeLogLikelihood(
          List.of(texts.get(w)),
          new Routing.TopK(router(), RoutingPolicy.parse(policy)),
          (window, layer, experts) -> alone[layer] = experts);
      assertThat(chosen[w]).isDeepEqualTo(alone);
      assertThat(chosen[w][0]).hasSameSizeAs(texts.get(w));
    }
    assertThat(Arrays.stream(chosen[1][0]).distinct().count()).isGreaterThan(1);
  }

  private static double largest(float[] values) {
    double largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  private static double loss(RouterWeights router, RoutingPolicy policy) {
    double sum = 0;
    long tokens = 0;
    for (int seed = 1; seed <= 3; seed++) {
      WindowLoss loss =
          model
              .negativeLogLikelihood(List.of(window(seed)), new Routing.TopK(router, policy))
              .get(0);
      sum += loss.negativeLogLikelihood();
      tokens += loss.tokens();
    }
    return sum / tokens;
  }

  private static RouterWeights router() {
    return moved(0, 0, 0);
  }

  private static RouterWeights moved(int layer, int expert, float by) {
    Random random = new Random(11);
    List<float[]> weights = new ArrayList<>();
    List<float[]> biases = new ArrayList<>();
    for (int l = 0; l < LAYERS; l++) {
      weights.add(gaussians(random, EXPERTS * WIDTH));
      biases.add(gaussians(random, EXPERTS));
    }
    biases.get(layer)[expert] += by;
    return new RouterWeights(weights, biases, Map.of());
  }

  private static float[] gaussians(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian() * 0.3f;
    }
    return values;
  }

  private static int[] window(long seed) {
    return new Random(seed).ints(12, 0, 50).toArray();
  }
}
