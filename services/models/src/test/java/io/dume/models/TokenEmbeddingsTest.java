package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenEmbeddingsTest {

  private static final int WIDTH = 24;
  private static final int VOCABULARY = 50;

  @TempDir static Path directory;
  private static Path merged;
  private static float[] matrix;
  private static TokenEmbeddings embeddings;

  @BeforeAll
  static void mergeAndLoad() throws IOException {
    merged = directory.resolve("merged");
    MoErge.merge(List.of(expert("a", 1), expert("b", 2)), merged, MoErge.Options.DEFAULT);
    try (Safetensors file = Safetensors.open(merged.resolve("backbone.safetensors"))) {
      matrix = file.readFloats("model.embed_tokens.weight");
    }
    embeddings = TokenEmbeddings.load(merged, Device.CPU);
  }

  @AfterAll
  static void close() {
    embeddings.close();
  }

  private static MoErge.Expert expert(String name, long seed) throws IOException {
    TestModel model = TestModel.random(TestModel.config("llama"), TensorType.F32, seed);
    return new MoErge.Expert(name, model.write(directory.resolve(name)));
  }

  private static float[] rows(int... ids) {
    float[] rows = new float[ids.length * WIDTH];
    for (int t = 0; t < ids.length; t++) {
      System.arraycopy(matrix, ids[t] * WIDTH, rows, t * WIDTH, WIDTH);
    }
    return rows;
  }

  @Test
  void shouldGiveEachTokenItsRowOfTheMatrixAndCountTheFirstPositionsAlone() {
    int[][] record = {{3, 49, 3, 0, 7}, {5, 6}};

    try (RecordStatistics features = embeddings.extract(record, 4)) {
      assertThat(features.layers()).isEqualTo(1);
      assertThat(features.tokens()).isEqualTo(6);
      assertThat(features.firstNonFiniteLayer()).isEmpty();
      assertThat(features.firstSequenceFeatures(0)).isEqualTo(rows(3, 49, 3, 0));
    }
  }

  @Test
  void shouldSumProductsInFloat64() {
    int n = WIDTH + 1;
    int[] ids = new Random(5).ints(64, 0, VOCABULARY).toArray();
    double[] expected = new double[n * n];
    for (int id : ids) {
      double[] x = new double[n];
      for (int i = 0; i < WIDTH; i++) {
        x[i] = matrix[id * WIDTH + i];
      }
      x[WIDTH] = 1;
      for (int i = 0; i < n; i++) {
        for (int j = i; j < n; j++) {
          expected[i * n + j] += x[i] * x[j];
        }
      }
    }

    double[] gram = new double[n * n];
    try (RecordStatistics features = embeddings.extract(new int[][] {ids}, 64)) {
      features.gram(0, gram);
    }

    for (int i = 0; i < n; i++) {
      for (int j = i; j < n; j++) {
        assertThat(Math.abs(gram[i * n + j] - expected[i * n + j])).isLessThan(1e-12);
      }
    }
  }

  @Test
  void shouldRefuseRecordsThatTheModelCouldNotRead() {
    assertThatThrownBy(() -> embeddings.extract(new int[][] {{1, 50}}, 4))
        .hasMessageContaining("token id 50");
    assertThatThrownBy(() -> embeddings.extract(new int[][] {{1}, {}}, 4))
        .hasMessageContaining("sequence 1 has 0 tokens");
    assertThatThrownBy(() -> embeddings.extract(new int[0][], 4))
        .hasMessageContaining("nothing to extract");
  }

  @Test
  void shouldScoreEveryTokenWhereverItStands() {
    RouterWeights router = router(Map.of("feature_source", "embedding", "experts", "b,a"), 1);
    int[] ids = {7, 0, 49, 7};

    TokenScores scores = embeddings.scores(router).of(ids);

    assertThat(scores.experts()).containsExactly("b", "a");
    assertThat(scores.tokens()).isEqualTo(4);
    for (int t = 0; t < ids.length; t++) {
      for (int e = 0; e < 2; e++) {
        double sum = router.bias(0)[e];
        for (int i = 0; i < WIDTH; i++) {
          sum += (double) router.weight(0)[e * WIDTH + i] * matrix[ids[t] * WIDTH + i];
        }
        assertThat(Math.abs(scores.layers().get(0)[2 * t + e] - sum)).isLessThan(1e-5);
      }
    }
    assertThatThrownBy(() -> embeddings.scores(router).of(new int[] {1, 50}))
        .hasMessageContainingAll("token id 50 at position 1", "vocabulary of 50");
  }

  @Test
  void shouldTakeNoGatesOfLayersForOnesOfEmbeddingsOrTheOtherWayRound() throws IOException {
    RouterWeights ofTokens = router(Map.of("feature_source", "embedding"), 2);
    RouterWeights ofLayers = router(Map.of(), 1);
    RouterWeights ofBoth = router(Map.of("feature_source", "attention"), 2);

    assertThatThrownBy(() -> embeddings.scores(ofLayers))
        .hasMessageContaining("solved from the inputs of the layers' MLPs");
    assertThatThrownBy(() -> embeddings.scores(ofTokens)).hasMessageContaining("2 gates");
    try (MixtureModel mixture = MixtureModel.load(merged, Device.CPU)) {
      Routing.TopK routing = new Routing.TopK(ofTokens, 1, 1);
      assertThatThrownBy(() -> mixture.logits(new int[] {1}, routing))
          .hasMessageContainingAll("token embeddings", "dume route");
      assertThatThrownBy(() -> mixture.logits(new int[] {1}, new Routing.TopK(ofBoth, 1, 1)))
          .hasMessageContainingAll("attention", "mlp-input", "embedding");
    }
  }

  @Test
  void shouldTellWhatEachLayersGateScoresOfEachWindow() throws IOException {
    RouterWeights router = router(Map.of(), 2);
    List<int[]> windows = List.of(new int[] {1, 2, 3}, new int[] {9}, new int[] {4, 5, 6, 7, 8});
    Routing.TopK routing = new Routing.TopK(router, 1, 1);
    List<List<Integer>> chosen = List.of(new ArrayList<>(), new ArrayList<>());
    try (MixtureModel mixture = MixtureModel.load(merged, Device.CPU)) {
      List<int[][]> byWindow = new ArrayList<>(Collections.nCopies(3, null));
      byWindow.replaceAll(none -> new int[2][]);
      mixture.negativeLogLikelihood(
          windows, routing, (window, layer, experts) -> byWindow.get(window)[layer] = experts);
      byWindow.forEach(
          layers -> {
            for (int l = 0; l < 2; l++) {
              Arrays.stream(layers[l]).forEach(chosen.get(l)::add);
            }
          });

      TokenScores scores = mixture.tokenScores(windows, routing);

      assertThat(scores.experts()).containsExactly("a", "b");
      assertThat(scores.tokens()).isEqualTo(9);
      for (int l = 0; l < 2; l++) {
        float[] layer = scores.layers().get(l);
        for (int t = 0; t < 9; t++) {
          int best = layer[2 * t] > layer[2 * t + 1] ? 0 : 1;
          assertThat(best).as("layer %d, token %d", l, t).isEqualTo(chosen.get(l).get(t));
        }
      }
      assertThat(scores.from(3).layers().get(1))
          .isEqualTo(Arrays.copyOfRange(scores.layers().get(1), 6, 18));
    }
  }

  @Test
  void shouldFollowTheManifestWithoutReadingExperts() throws IOException {
    Path running = directory.resolve("running");
    MoErge.merge(List.of(expert("a", 1), expert("b", 2)), running, MoErge.Options.DEFAULT);
    try (TokenEmbeddings loaded = TokenEmbeddings.load(running, Device.CPU)) {
      assertThat(loaded.reload()).isFalse();
      MoErge.add(running, List.of(expert("c", 3)));
      // Damaged, but nobody reads it here.
      flipLastByte(running.resolve("experts/c.safetensors"));

      assertThat(loaded.reload()).isTrue();

      assertThat(loaded.manifest().expertNames()).containsExactly("a", "b", "c");
      MoErge.merge(
          List.of(expert("a", 1), expert("c", 3)),
          running,
          new MoErge.Options(TensorType.F32, true));
      assertThat(loaded.reload()).isFalse();
      assertThat(loaded.manifest().expertNames()).containsExactly("a", "b", "c");
    }
  }

  @Test
  void shouldRefuseABackboneThatIsNotTheManifests() throws IOException {
    Path damaged = directory.resolve("damaged");
    MoErge.merge(List.of(expert("a", 1), expert("b", 2)), damaged, MoErge.Options.DEFAULT);
    // Of a tensor that no feature needs: statistics would name a backbone that they are not of.
    flipLastByte(damaged.resolve("backbone.safetensors"));

    assertThatThrownBy(() -> TokenEmbeddings.load(damaged, Device.CPU))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContaining("backbone.safetensors");
    assertThat(Files.exists(damaged)).isTrue();
  }

  private static void flipLastByte(Path file) throws IOException {
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      bytes.seek(bytes.length() - 4);
      int old = bytes.read();
      bytes.seek(bytes.length() - 4);
      bytes.write(old ^ 1);
    }
  }

  private static RouterWeights router(Map<String, String> metadata, int layers) {
    Random random = new Random(layers);
    List<float[]> weights = new ArrayList<>();
    List<float[]> biases = new ArrayList<>();
    for (int l = 0; l < layers; l++) {
      float[] weight = new float[2 * WIDTH];
      for (int i = 0; i < weight.length; i++) {
        weight[i] = (float) random.nextGaussian();
      }
      weights.add(weight);
      biases.add(new float[] {(float) random.nextGaussian() / 4, 0.1f});
    }
    return new RouterWeights(weights, biases, metadata);
  }
}
