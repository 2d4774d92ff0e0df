package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an expert's coming and going must not change: bits, through whichever model they come. */
class FrozenBackboneTest {

  private static final int WIDTH = 24;
  private static final int LAYERS = 2;
  private static final int[][] RECORD = {ids(1, 30), ids(2, 7), ids(3, 64)};
  private static final int[] IDS = ids(4, 40);

  @TempDir Path directory;
  private Path merged;
  private MixtureModel first;

  @BeforeEach
  void mergeAndLoad() throws IOException {
    merged = directory.resolve("merged");
    MoErge.merge(List.of(expert("a"), expert("b")), merged, MoErge.Options.DEFAULT);
    first = MixtureModel.load(merged, Device.CPU);
  }

  @AfterEach
  void close() {
    first.close();
  }

  @Test
  void shouldGiveTheSameStatisticsThroughTheOldExperts() throws IOException {
    MoErge.add(merged, List.of(expert("c")));

    try (MixtureModel extended = MixtureModel.load(merged, Device.CPU)) {
      assertThat(statistics(extended, "a")).isEqualTo(statistics(first, "a"));
      assertThat(statistics(extended, "b")).isEqualTo(statistics(first, "b"));
      assertThat(statistics(extended, "c"))
          .isNotEqualTo(statistics(extended, "a"))
          .isNotEqualTo(statistics(extended, "b"));
      assertThat(extended.logits(IDS, new Routing.Oracle(1)))
          .isEqualTo(first.logits(IDS, new Routing.Oracle(1)));
    }
  }

  @Test
  void shouldGiveTheSameLogitsWithARouterOfTheOldExperts() throws IOException {
    RouterWeights router = router("a", "b");
    float[] one = first.logits(IDS, new Routing.TopK(router, 1, 1));
    float[] both = first.logits(IDS, new Routing.TopK(router, 2, 0.7));
    List<WindowLoss> losses =
        first.negativeLogLikelihood(List.of(RECORD), new Routing.TopK(router, 2, 0.7));
    MoErge.remove(merged, List.of("a"));
    MoErge.add(merged, List.of(expert("c"), expert("a")));

    try (MixtureModel other = MixtureModel.load(merged, Device.CPU)) {
      assertThat(other.manifest().expertNames()).containsExactly("b", "c", "a");
      assertThat(other.logits(IDS, new Routing.TopK(router, 1, 1))).isEqualTo(one);
      assertThat(other.logits(IDS, new Routing.TopK(router, 2, 0.7))).isEqualTo(both);
      assertThat(other.negativeLogLikelihood(List.of(RECORD), new Routing.TopK(router, 2, 0.7)))
          .isEqualTo(losses);
      assertThat(other.logits(IDS, new Routing.TopK(router("a", "c"), 1, 1))).isNotEqualTo(one);
    }
  }

  @Test
  void shouldRefuseARouterWhoseExpertsAreNotTheModels() throws IOException {
    RouterWeights unnamed = gates(2, Map.of());
    RouterWeights other = router("a", "c");
    RouterWeights changed = named(List.of("a", "b"), List.of(mlp("a"), mlp("a")));
    RouterWeights elsewhere = gates(2, Map.of("backbone", mlp("a"), "experts", "a,b"));
    RouterWeights uncounted = gates(2, Map.of("experts", "a"));
    MoErge.add(merged, List.of(expert("three")));

    try (MixtureModel extended = MixtureModel.load(merged, Device.CPU)) {
      assertThatThrownBy(() -> topK(extended, unnamed, 1))
          .hasMessageContainingAll("2 experts", "has 3", "[a, b, three]");
      assertThatThrownBy(() -> topK(extended, other, 1))
          .hasMessageContainingAll("expert c", "[a, b, three]", "--add");
      assertThatThrownBy(() -> topK(extended, changed, 1))
          .hasMessageContainingAll("expert b", mlp("a"), mlp("b"));
      assertThatThrownBy(() -> topK(extended, elsewhere, 1))
          .hasMessageContainingAll("backbone", extended.manifest().backboneFingerprint());
      assertThatThrownBy(() -> topK(extended, uncounted, 1))
          .hasMessageContainingAll("[a]", "2 rows");
      assertThatThrownBy(() -> topK(extended, router("a", "b"), 3))
          .hasMessageContainingAll("top-k = 3", "2 experts");
      assertThat(topK(first, unnamed, 1)).isEqualTo(topK(extended, router("a", "b"), 1));
    }
  }

  @Test
  void shouldReloadOnlyWhatChanged() throws IOException {
    assertThat(first.reload()).isEmpty();
    double[] ofA = statistics(first, "a");
    double[] ofB = statistics(first, "b");
    MoErge.add(merged, List.of(expert("c")));
    MoErge.remove(merged, List.of("a"));

    try (MixtureModel second = first.reload().orElseThrow();
        MixtureModel fresh = MixtureModel.load(merged, Device.CPU)) {
      assertThat(second.manifest()).isEqualTo(fresh.manifest());
      assertThat(second.reload()).isEmpty();
      assertThat(statistics(first, "a")).isEqualTo(ofA);
      first.close();
      assertThat(statistics(second, "b")).isEqualTo(ofB);
      assertThat(statistics(second, "c")).isEqualTo(statistics(fresh, "c"));
      assertThat(second.logits(IDS, new Routing.Average()))
          .isEqualTo(fresh.logits(IDS, new Routing.Average()));
    }
  }

  @Test
  void shouldNotReloadAnotherBackbone() throws IOException {
    MoErge.merge(
        List.of(expert("a"), expert("c")), merged, new MoErge.Options(TensorType.F32, true));

    Optional<MixtureModel> reloaded = first.reload();

    assertThat(reloaded).isEmpty();
    assertThat(first.manifest().expertNames()).containsExactly("a", "b");
  }

  @Test
  void shouldKeepWorkingWhenAReloadFails() throws IOException {
    double[] before = statistics(first, "a");
    MoErge.add(merged, List.of(expert("c")));
    Path file = merged.resolve("experts/c.safetensors");
    byte[] bytes = java.nio.file.Files.readAllBytes(file);
    bytes[bytes.length - 4] ^= 1;
    java.nio.file.Files.write(file, bytes);

    assertThatThrownBy(first::reload)
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContaining("c.safetensors");

    assertThat(statistics(first, "a")).isEqualTo(before);
  }

  @Test
  void shouldAverageItsOwnExpertsWhateverCame() throws IOException {
    float[] expected;
    try (MixtureModel twin = MixtureModel.load(merged, Device.CPU)) {
      expected = twin.logits(IDS, new Routing.Average());
    }
    MoErge.add(merged, List.of(expert("c")));

    assertThat(first.logits(IDS, new Routing.Average())).isEqualTo(expected);
  }

  /**
   * Every walk of comings and goings, reloaded or loaded, gives each expert's bits of the start.
   */
  @Test
  void shouldGiveTheSameBitsAlongAnyWalk() throws IOException {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    List<String> names = List.of("a", "b", "c", "d");
    Map<String, double[]> known = new LinkedHashMap<>();
    for (String name : names) {
      Path alone = directory.resolve("with-" + name);
      if (first.manifest().indexOf(name).isEmpty()) {
        MoErge.add(merged, List.of(expert(name)), alone, false);
      } else {
        MoErge.remove(merged, List.of(name.equals("a") ? "b" : "a"), alone, false);
      }
      try (MixtureModel model = MixtureModel.load(alone, Device.CPU)) {
        known.put(name, statistics(model, name));
      }
    }

    MixtureModel current = first;
    for (int step = 0; step < 30; step++) {
      String name = names.get(random.nextInt(names.size()));
      List<String> there = MergedManifest.read(merged).expertNames();
      if (!there.contains(name)) {
        MoErge.add(merged, List.of(expert(name)));
      } else if (there.size() > 1) {
        MoErge.remove(merged, List.of(name));
      }
      // Sometimes several changes lie between two looks.
      if (random.nextInt(3) > 0) {
        Optional<MixtureModel> next = current.reload();
        if (next.isPresent()) {
          current.close();
          current = next.get();
        }
        assertThat(current.manifest()).isEqualTo(MergedManifest.read(merged));
        for (String expert : current.manifest().expertNames()) {
          assertThat(statistics(current, expert)).isEqualTo(known.get(expert));
        }
      }
    }
    current.close();
  }

  private static float[] topK(MixtureModel model, RouterWeights router, int k) {
    return model.logits(IDS, new Routing.TopK(router, k, 1));
  }

  private RouterWeights router(String... names) {
    List<String> mlps = new ArrayList<>();
    for (String name : names) {
      if (first.manifest().indexOf(name).isPresent()) {
        mlps.add(mlp(name));
      }
    }
    return named(List.of(names), mlps.size() == names.length ? mlps : List.of());
  }

  private String mlp(String name) {
    int index = first.manifest().indexOf(name).orElseThrow();
    return first.manifest().experts().get(index).fingerprint();
  }

  private RouterWeights named(List<String> names, List<String> mlps) {
    return gates(
        names.size(),
        Map.of(
            RouterWeights.EXPERTS,
            String.join(",", names),
            RouterWeights.MLPS,
            String.join(",", mlps),
            RouterWeights.BACKBONE,
            first.manifest().backboneFingerprint()));
  }

  private static RouterWeights gates(int experts, Map<String, String> metadata) {
    Random random = new Random(5);
    List<float[]> weights = new ArrayList<>();
    List<float[]> biases = new ArrayList<>();
    for (int l = 0; l < LAYERS; l++) {
      weights.add(gaussian(random, experts * WIDTH));
      biases.add(gaussian(random, experts));
    }
    return new RouterWeights(weights, biases, metadata);
  }

  private static float[] gaussian(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static double[] statistics(MixtureModel model, String expert) {
    int n = WIDTH + 1;
    double[] all = new double[LAYERS * n * n];
    int index = model.manifest().indexOf(expert).orElseThrow();
    try (RecordStatistics record = model.extract(index, RECORD, 64)) {
      for (int l = 0; l < LAYERS; l++) {
        double[] gram = new double[n * n];
        record.gram(l, gram);
        System.arraycopy(gram, 0, all, l * n * n, n * n);
      }
    }
    return all;
  }

  private static int[] ids(long seed, int length) {
    return DenseModelTest.ids(seed, length, 50);
  }

  private MoErge.Expert expert(String name) throws IOException {
    TestModel model = TestModel.random(TestModel.config("llama"), TensorType.F32, name.hashCode());
    return new MoErge.Expert(name, model.write(directory.resolve(name)));
  }
}
