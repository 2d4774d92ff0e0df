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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MergedModelExtractionTest {
  private static final int WIDTH = 8;
  private static final int LAYERS = 2;
  private static final List<int[]> RECORD = List.of(new int[] {1, 2, 3, 4, 5}, new int[] {6, 7});

  private static Path directory;
  private static MixtureModel model;

  @BeforeAll
  static void merge(@TempDir Path temporary) throws IOException {
    List<MoErge.Expert> experts = new ArrayList<>();
    for (String name : List.of("novel", "math")) {
      Path expert = Files.createDirectories(temporary.resolve(name));
      writeModel(expert, new Random(name.length()));
      experts.add(new MoErge.Expert(name, expert));
    }
    directory = temporary.resolve("merged");
    MoErge.merge(experts, directory, MoErge.Options.DEFAULT);
    model = MixtureModel.load(directory, Device.CPU);
  }

  @AfterAll
  static void close() {
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
  void shouldTellWhoTheModelIs() throws IOException {
    ExtractionModel.Identity identity =
        MergedModelExtraction.of(model, directory, GramType.FLOAT64).identity();

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
  void shouldGiveTheFeaturesOfTheNamedExpert() throws IOException {
    ExtractionModel extraction = MergedModelExtraction.of(model, directory, GramType.FLOAT64);
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
  void shouldRefuseAnExpertThatTheModelLacks() throws IOException {
    ExtractionModel extraction = MergedModelExtraction.of(model, directory, GramType.FLOAT64);

    assertThatThrownBy(() -> extraction.extract("poetry", RECORD))
        .hasMessageContaining("no expert poetry");
  }
}
