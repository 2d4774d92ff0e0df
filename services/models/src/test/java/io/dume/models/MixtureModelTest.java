package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MixtureModelTest {

  private static final int N = 49;

  @TempDir static Path shared;
  @TempDir Path directory;

  private static MixtureModel model;

  @BeforeAll
  static void mergeAndLoad() throws IOException {
    Golden.merge(shared.resolve("merged"));
    model = MixtureModel.load(shared.resolve("merged"), Device.CPU);
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @Test
  void shouldNeverLetAPadReachAStatistic() {
    int[][] sequences = {ids(1, 3), ids(2, 40), ids(3, 1), ids(4, 17)};
    double[] sum = new double[N * N];
    for (int[] sequence : sequences) {
      double[] alone = gram(new int[][] {sequence}, 100);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += alone[i];
      }
    }

    double[] together = gram(sequences, 100);

    assertThat(together[N * N - 1]).isEqualTo(61);
    assertThat(together).containsExactly(sum, within(1e-5 * 61));
  }

  @Test
  void shouldCountTheFirstPositionsOfALongSequenceOnly() {
    int[] sequence = ids(5, 50);

    double[] cut = gram(new int[][] {sequence, ids(6, 4)}, 20);

    assertThat(cut).isEqualTo(gram(new int[][] {Arrays.copyOf(sequence, 20), ids(6, 4)}, 20));
    assertThat(cut[N * N - 1]).isEqualTo(24);
  }

  @Test
  void shouldGiveTheSameBitsForTheSameRecordAlsoBeyondOneForwardPass() {
    int[][] record = new int[100][];
    double[] sum = new double[N * N];
    for (int i = 0; i < record.length; i++) {
      record[i] = ids(i, 100 + i % 7);
    }
    for (int from = 0; from < record.length; from += 25) {
      double[] part = gram(Arrays.copyOfRange(record, from, from + 25), 512);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += part[i];
      }
    }

    double[] first = gram(record, 512);

    assertThat(gram(record, 512)).isEqualTo(first);
    assertThat(first[N * N - 1]).isEqualTo(sum[N * N - 1]).isGreaterThan(Batch.MAX_TOKENS);
    assertThat(first).containsExactly(sum, within(1e-6 * sum[N * N - 1]));
  }

  @Test
  void shouldGiveTheSameBitsToThreadsThatShareIt() throws Exception {
    int[][][] records = new int[24][][];
    List<Callable<double[]>> tasks = new ArrayList<>();
    for (int i = 0; i < records.length; i++) {
      // Ever longer ones, so that the table of rotary angles grows under way.
      int[][] record = {ids(i, 10 + 20 * i), ids(100 + i, 5 + i)};
      records[i] = record;
      tasks.add(() -> gram(record, 512));
    }
    ExecutorService threads = Executors.newFixedThreadPool(4);
    List<Future<double[]>> grams = threads.invokeAll(tasks);
    threads.shutdown();

    for (int i = 0; i < records.length; i++) {
      assertThat(grams.get(i).get()).isEqualTo(gram(records[i], 512));
    }
  }

  @Test
  void shouldFindTheLayerWithAFeatureThatIsNotFinite() throws IOException {
    TestModel expert = TestModel.random(TestModel.config("llama"), TensorType.F32, 1);
    Arrays.fill(expert.weights.get("model.layers.1.post_attention_layernorm.weight"), 3e38f);
    Path merged = mergeAlone(expert);

    try (MixtureModel broken = MixtureModel.load(merged, Device.CPU);
        RecordStatistics bad = broken.extract(0, new int[][] {{1, 2, 3}}, 8);
        RecordStatistics good = model.extract(0, new int[][] {{1, 2, 3}}, 8)) {
      assertThat(bad.firstNonFiniteLayer()).hasValue(1);
      assertThat(good.firstNonFiniteLayer()).isEmpty();
    }
  }

  @Test
  void shouldBeTheDenseModelWhenThereIsOneExpert() throws IOException {
    TestModel expert = TestModel.random(TestModel.config("qwen2"), TensorType.F32, 2);
    Path merged = mergeAlone(expert);
    int[] ids = DenseModelTest.ids(3, 30, 50);

    try (DenseModel dense = DenseModel.load(directory.resolve("expert"), Device.CPU);
        MixtureModel mixture = MixtureModel.load(merged, Device.CPU)) {
      float[] expected = dense.logits(ids);
      assertThat(mixture.logits(ids, new Routing.Oracle(0))).isEqualTo(expected);
      assertThat(mixture.logits(ids, new Routing.Average())).isEqualTo(expected);
      assertThat(mixture.logits(ids, new Routing.UniformRandom(1)))
          .containsExactly(expected, within(1e-5f));
    }
  }

  @Test
  void shouldDrawTheSameExpertsHoweverWindowsAreGrouped() {
    List<int[]> windows = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      windows.add(ids(i, 3 + 7 * (i % 5)));
    }

    List<WindowLoss> together = model.negativeLogLikelihood(windows, new Routing.UniformRandom(7));

    for (int i = 0; i < windows.size(); i++) {
      WindowLoss alone =
          model
              .negativeLogLikelihood(windows.subList(i, i + 1), new Routing.UniformRandom(7, i))
              .get(0);
      assertThat(together.get(i).negativeLogLikelihood())
          .isCloseTo(alone.negativeLogLikelihood(), within(1e-4));
    }
    assertThat(model.negativeLogLikelihood(windows, new Routing.UniformRandom(7)))
        .isEqualTo(together);
    assertThat(model.negativeLogLikelihood(windows, new Routing.UniformRandom(8)))
        .isNotEqualTo(together);
  }

  @Test
  void shouldDrawTheSameExpertsForABeginningWhateverFollows() {
    int[] whole = ids(3, 20);
    Routing random = new Routing.UniformRandom(7, 5);

    float[] beginning = model.logits(Arrays.copyOf(whole, 9), random);

    float[] all = model.logits(whole, random);
    assertThat(Arrays.copyOf(all, beginning.length)).containsExactly(beginning, within(1e-5f));
  }

  @Test
  void shouldDrawEveryExpertForLikeSharesOfTheTokens() throws IOException {
    // Attention adds nothing, so a position depends on its token and its own draws only.
    TestModel none = TestModel.random(TestModel.config("llama"), TensorType.F32, 5);
    TestModel some = TestModel.random(TestModel.config("llama"), TensorType.F32, 5);
    for (TestModel expert : List.of(none, some)) {
      Arrays.fill(expert.weights.get("model.layers.0.self_attn.o_proj.weight"), 0);
      Arrays.fill(expert.weights.get("model.layers.1.self_attn.o_proj.weight"), 0);
    }
    Arrays.fill(none.weights.get("model.layers.0.mlp.down_proj.weight"), 0);
    Arrays.fill(none.weights.get("model.layers.1.mlp.down_proj.weight"), 0);
    Path merged = merge(none, some);
    int[] ids = new int[60];

    try (MixtureModel mixture = MixtureModel.load(merged, Device.CPU)) {
      float[] random = mixture.logits(ids, new Routing.UniformRandom(0));
      float[] zero = mixture.logits(ids, new Routing.Oracle(0));
      float[] one = mixture.logits(ids, new Routing.Oracle(1));

      int onlyZero = 0;
      int onlyOne = 0;
      for (int t = 0; t < 60; t++) {
        onlyZero += near(random, zero, t) ? 1 : 0;
        onlyOne += near(random, one, t) ? 1 : 0;
      }
      // Both layers draw the same expert, for one expert as for the other, at a quarter of places.
      assertThat(onlyZero).isBetween(6, 26);
      assertThat(onlyOne).isBetween(6, 26);
    }
  }

  private static boolean near(float[] a, float[] b, int row) {
    double difference = 0;
    for (int i = row * 50; i < (row + 1) * 50; i++) {
      difference = Math.max(difference, Math.abs(a[i] - b[i]));
    }
    return difference < 1e-3;
  }

  @Test
  void shouldRefuseARoutingThatDoesNotFit() throws IOException {
    RouterWeights gates = Golden.gates();
    RouterWeights narrow =
        new RouterWeights(
            List.of(new float[4], new float[4], new float[4]),
            List.of(new float[2], new float[2], new float[2]),
            Map.of());
    int[] ids = {1, 2};

    assertThatThrownBy(() -> model.logits(ids, new Routing.TopK(gates, 4, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("top-k = 4");
    assertThatThrownBy(() -> model.logits(ids, new Routing.TopK(narrow, 1, 1)))
        .hasMessageContaining("3 layers and width 2");
    assertThatThrownBy(() -> model.logits(ids, new Routing.Oracle(3)))
        .hasMessageContaining("expert 3");
    assertThatThrownBy(() -> new Routing.TopK(gates, 0, 1)).hasMessageContaining("top-k = 0");
    assertThatThrownBy(() -> new Routing.TopK(gates, 1, 0)).hasMessageContaining("temperature");
    assertThatThrownBy(() -> model.extract(-1, new int[][] {{1}}, 8))
        .hasMessageContaining("expert -1");
  }

  @Test
  void shouldRefuseARecordThatCannotBeExtracted() {
    assertThatThrownBy(() -> model.extract(0, new int[0][], 8))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nothing to extract");
    assertThatThrownBy(() -> model.extract(0, new int[][] {{1}, {}}, 8))
        .hasMessageContaining("sequence 1 has 0 tokens");
    assertThatThrownBy(() -> model.extract(0, new int[][] {{1, 256}}, 8))
        .hasMessageContaining("token id 256");
    assertThatThrownBy(() -> model.extract(0, new int[][] {ids(1, 513)}, 600))
        .hasMessageContaining("513 tokens");
  }

  @Test
  void shouldRefuseWeightsThatWereChangedAfterTheMerge() throws IOException {
    Path merged = directory.resolve("merged");
    Golden.merge(merged);
    flipLastBit(merged.resolve("experts/e1.safetensors"));

    assertThatThrownBy(() -> MixtureModel.load(merged, Device.CPU))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContaining("e1.safetensors")
        .hasMessageContaining("fingerprint");

    Golden.merge(directory.resolve("again"));
    flipLastBit(directory.resolve("again/backbone.safetensors"));
    assertThatThrownBy(() -> MixtureModel.load(directory.resolve("again"), Device.CPU))
        .hasMessageContaining("backbone.safetensors")
        .hasMessageContaining("fingerprint");
  }

  @Test
  void shouldTellWhatItsBitsDependOn() {
    NumericProfile profile = model.numericProfile();

    assertThat(profile.device()).isEqualTo("cpu");
    assertThat(profile.libtorch()).startsWith("2.5.1");
    assertThat(profile.instructionSet()).isNotEmpty();
  }

  private static void flipLastBit(Path file) throws IOException {
    try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
      access.seek(access.length() - 4);
      int low = access.read();
      access.seek(access.length() - 4);
      access.write(low ^ 1);
    }
  }

  private Path mergeAlone(TestModel expert) throws IOException {
    Path out = directory.resolve("merged");
    MoErge.Expert only = new MoErge.Expert("only", expert.write(directory.resolve("expert")));
    MoErge.merge(List.of(only), out, MoErge.Options.DEFAULT);
    return out;
  }

  private Path merge(TestModel one, TestModel two) throws IOException {
    Path out = directory.resolve("merged");
    MoErge.merge(
        List.of(
            new MoErge.Expert("one", one.write(directory.resolve("one"))),
            new MoErge.Expert("two", two.write(directory.resolve("two")))),
        out,
        MoErge.Options.DEFAULT);
    return out;
  }

  private static double[] gram(int[][] sequences, int contextDim) {
    double[] gram = new double[N * N];
    try (RecordStatistics record = model.extract(1, sequences, contextDim)) {
      record.gram(2, gram);
    }
    return gram;
  }

  private static int[] ids(long seed, int length) {
    return DenseModelTest.ids(seed, length, 256);
  }
}
