package io.dume.extractor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dume.models.Device;
import io.dume.models.GramType;
import io.dume.models.MixtureModel;
import io.dume.models.MoErge;
import io.dume.models.RecordStatistics;
import io.dume.models.SafetensorsWriter;
import io.dume.models.TensorSpec;
import io.dume.models.TensorType;
import io.dume.schemas.message.Expert;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MergedModelExtractionTest {
  private static final int WIDTH = 8;
  private static final int LAYERS = 2;
  private static final List<int[]> RECORD = List.of(new int[] {1, 2, 3, 4, 5}, new int[] {6, 7});

  private static Path root;
  private static Path directory;
  private static MixtureModel model;
  private static MergedModelExtraction extraction;

  @BeforeAll
  static void merge(@TempDir Path temporary) throws IOException {
    List<MoErge.Expert> experts = new ArrayList<>();
    root = temporary;
    for (String name : List.of("novel", "math")) {
      experts.add(expert(name));
    }
    directory = temporary.resolve("merged");
    MoErge.merge(experts, directory, MoErge.Options.DEFAULT);
    model = MixtureModel.load(directory, Device.CPU);
    extraction = MergedModelExtraction.open(directory, Device.CPU, GramType.FLOAT64);
  }

  private static MoErge.Expert expert(String name) throws IOException {
    return expert(root, name);
  }

  /** Writes a small random expert below a directory. */
  static MoErge.Expert expert(Path root, String name) throws IOException {
    Path expert = Files.createDirectories(root.resolve(name));
    writeModel(expert, new Random(name.length()));
    return new MoErge.Expert(name, expert);
  }

  @AfterAll
  static void close() {
    extraction.close();
    model.close();
  }

  private static void writeModel(Path expert, Random random) throws IOException {
    Files.writeString(
        expert.resolve("config.json"),
        """
        {"model_type": "llama", "hidden_size": 8, "num_hidden_layers": 2,
         "num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": 12,
         "vocab_size": 10, "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "hidden_act": "silu",
         "max_position_embeddings": 16, "tie_word_embeddings": true}
        """);
    List<TensorSpec> tensors = new ArrayList<>();
    tensors.add(TensorSpec.of("model.embed_tokens.weight", TensorType.F32, 10, WIDTH));
    tensors.add(TensorSpec.of("model.norm.weight", TensorType.F32, WIDTH));
    for (int l = 0; l < LAYERS; l++) {
      String layer = "model.layers." + l + ".";
      tensors.add(TensorSpec.of(layer + "input_layernorm.weight", TensorType.F32, WIDTH));
      tensors.add(TensorSpec.of(layer + "post_attention_layernorm.weight", TensorType.F32, WIDTH));
      tensors.add(TensorSpec.of(layer + "self_attn.q_proj.weight", TensorType.F32, WIDTH, WIDTH));
      tensors.add(TensorSpec.of(layer + "self_attn.k_proj.weight", TensorType.F32, 4, WIDTH));
      tensors.add(TensorSpec.of(layer + "self_attn.v_proj.weight", TensorType.F32, 4, WIDTH));
      tensors.add(TensorSpec.of(layer + "self_attn.o_proj.weight", TensorType.F32, WIDTH, WIDTH));
      tensors.add(TensorSpec.of(layer + "mlp.gate_proj.weight", TensorType.F32, 12, WIDTH));
      tensors.add(TensorSpec.of(layer + "mlp.up_proj.weight", TensorType.F32, 12, WIDTH));
      tensors.add(TensorSpec.of(layer + "mlp.down_proj.weight", TensorType.F32, WIDTH, 12));
    }
    try (SafetensorsWriter writer =
        new SafetensorsWriter(expert.resolve("model.safetensors"), tensors, Map.of())) {
      for (TensorSpec tensor : tensors) {
        float[] values = new float[(int) tensor.elements()];
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) random.nextGaussian() / 2;
        }
        writer.write(tensor.name(), values);
      }
      writer.finish();
    }
  }

  @Test
  void shouldTellWhoTheModelIs() {
    ExtractionModel.Identity identity = extraction.identity();

    assertThat(identity.backbone()).isEqualTo(model.manifest().backboneFingerprint());
    assertThat(identity.layers()).isEqualTo(LAYERS);
    assertThat(identity.width()).isEqualTo(WIDTH);
    assertThat(identity.vocabulary()).isEqualTo(10);
    assertThat(identity.maxPositions()).isEqualTo(16);
    assertThat(identity.tokenizer()).isEmpty();
    assertThat(identity.experts()).extracting(Expert::getName).containsExactly("novel", "math");
    assertThat(identity.experts().get(0).getMlp())
        .isEqualTo(model.manifest().experts().get(0).fingerprint());
    assertThat(identity.profile().getGramType()).isEqualTo("float64");
    assertThat(identity.profile().getDeviceKind()).isEqualTo("cpu");
  }

  @Test
  void shouldGiveTheFeaturesOfTheNamedExpert() {
    double[] expected = new double[(WIDTH + 1) * (WIDTH + 1)];
    double[] actual = new double[expected.length];
    try (RecordStatistics math = model.extract(1, RECORD.toArray(int[][]::new), 16)) {
      math.gram(LAYERS - 1, expected);
    }

    try (RecordFeatures features = extraction.extract("math", RECORD)) {
      features.gram(LAYERS - 1, actual);

      assertThat(features.tokens()).isEqualTo(7);
      assertThat(features.firstNonFiniteLayer()).isEmpty();
      assertThat(features.largestDiagonal(LAYERS - 1))
          .isCloseTo(
              largestDiagonal(expected), org.assertj.core.data.Percentage.withPercentage(1e-9));
      assertThat(actual).isEqualTo(expected);
    }
  }

  private static double largestDiagonal(double[] gram) {
    double largest = 0;
    for (int i = 0; i <= WIDTH; i++) {
      largest = Math.max(largest, gram[i * (WIDTH + 1) + i]);
    }
    return largest;
  }

  @Test
  void shouldRefuseAnExpertThatTheModelLacks() {
    assertThatThrownBy(() -> extraction.extract("poetry", RECORD))
        .hasMessageContaining("no expert poetry");
  }

  @Test
  void shouldFollowExpertsThatComeAndGo() throws IOException {
    Path running = copy("running");
    try (MergedModelExtraction source =
        MergedModelExtraction.open(running, Device.CPU, GramType.FLOAT64)) {
      ExtractionModel.Identity before = source.identity();
      double[] novel = gram(source, "novel");
      assertThat(source.refresh()).isFalse();
      MoErge.add(running, List.of(expert("law")));

      boolean changed = source.refresh();

      assertThat(changed).isTrue();
      assertThat(source.identity().experts())
          .extracting(Expert::getName)
          .containsExactly("novel", "math", "law");
      assertThat(source.identity().backbone()).isEqualTo(before.backbone());
      assertThat(source.identity().profile()).isEqualTo(before.profile());
      assertThat(gram(source, "novel")).isEqualTo(novel);
      assertThat(gram(source, "law")).isNotEqualTo(novel);
      MoErge.remove(running, List.of("math"));
      assertThat(source.refresh()).isTrue();
      assertThat(source.identity().experts())
          .extracting(Expert::getName)
          .containsExactly("novel", "law");
      assertThat(gram(source, "novel")).isEqualTo(novel);
    }
  }

  @Test
  void shouldKeepFeaturesOfAnExpertThatLeft() throws IOException {
    Path running = copy("leaving");
    try (MergedModelExtraction source =
        MergedModelExtraction.open(running, Device.CPU, GramType.FLOAT64)) {
      double[] expected = gram(source, "math");
      double[] actual = new double[expected.length];
      try (RecordFeatures features = source.extract("math", RECORD)) {
        MoErge.remove(running, List.of("math"));

        source.refresh();

        features.gram(LAYERS - 1, actual);
        assertThat(actual).isEqualTo(expected);
      }
      assertThatThrownBy(() -> source.extract("math", RECORD)).hasMessageContaining("no expert");
    }
  }

  @Test
  void shouldGoOnWithItsOwnWhereTheDirectoryHoldsAnotherBackbone() throws IOException {
    Path running = copy("replaced");
    try (MergedModelExtraction source =
        MergedModelExtraction.open(running, Device.CPU, GramType.FLOAT64)) {
      ExtractionModel.Identity before = source.identity();
      MoErge.merge(
          List.of(expert("law"), expert("novel")),
          running,
          new MoErge.Options(TensorType.F32, true));

      boolean changed = source.refresh();

      assertThat(changed).isFalse();
      assertThat(source.identity()).isEqualTo(before);
      assertThat(gram(source, "math")).isEqualTo(gram(extraction, "math"));
    }
  }

  @Test
  void shouldSayWhatItCannotReadAndStayAsItWas() throws IOException {
    Path running = copy("broken");
    try (MergedModelExtraction source =
        MergedModelExtraction.open(running, Device.CPU, GramType.FLOAT64)) {
      Files.writeString(running.resolve("dume.json"), "{}");

      assertThatThrownBy(source::refresh)
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining("dume.json");

      assertThat(gram(source, "math")).isEqualTo(gram(extraction, "math"));
    }
  }

  @Test
  void shouldServeWorkersThatShareItWhileExpertsComeAndGo() throws Exception {
    Path running = copy("shared");
    double[] novel = gram(extraction, "novel");
    MoErge.Expert law = expert("law");
    AtomicBoolean done = new AtomicBoolean();
    ExecutorService threads = Executors.newFixedThreadPool(3);
    try (MergedModelExtraction source =
        MergedModelExtraction.open(running, Device.CPU, GramType.FLOAT64)) {
      List<Future<Integer>> workers = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        workers.add(
            threads.submit(
                () -> {
                  int passes = 0;
                  while (!done.get()) {
                    source.refresh();
                    assertThat(gram(source, "novel")).isEqualTo(novel);
                    passes++;
                  }
                  return passes;
                }));
      }
      try {
        for (int turn = 0; turn < 20; turn++) {
          MoErge.add(running, List.of(law));
          MoErge.remove(running, List.of("law"));
        }
      } finally {
        done.set(true);
        threads.shutdown();
      }

      for (Future<Integer> worker : workers) {
        assertThat(worker.get()).isPositive();
      }
      source.refresh();
      assertThat(source.identity()).isEqualTo(extraction.identity());
    }
  }

  private static Path copy(String name) throws IOException {
    Path copy = root.resolve(name);
    MoErge.add(directory, List.of(expert("passing")), copy, false);
    MoErge.remove(copy, List.of("passing"));
    return copy;
  }

  private static double[] gram(ExtractionModel source, String expert) {
    double[] gram = new double[(WIDTH + 1) * (WIDTH + 1)];
    try (RecordFeatures features = source.extract(expert, RECORD)) {
      features.gram(LAYERS - 1, gram);
    }
    return gram;
  }
}
