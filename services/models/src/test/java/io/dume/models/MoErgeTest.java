package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MoErgeTest {

  private static final String NORM = "model.norm.weight";
  private static final String UP = "model.layers.1.mlp.up_proj.weight";

  @TempDir Path directory;

  @Test
  void shouldAverageHalfPrecisionInFloat32AndKeepTheMlpsAsTheyAre() throws IOException {
    TestModel a = TestModel.random(TestModel.config("llama"), TensorType.BF16, 1);
    TestModel b = TestModel.random(TestModel.config("llama"), TensorType.BF16, 2);

    Path out = merge(a, b, MoErge.Options.DEFAULT);

    try (Safetensors backbone = Safetensors.open(out.resolve("backbone.safetensors"));
        Safetensors expert = Safetensors.open(out.resolve("experts/two.safetensors"))) {
      float[] average = backbone.readFloats(NORM);
      for (int i = 0; i < average.length; i++) {
        assertThat(average[i]).isEqualTo((a.weights.get(NORM)[i] + b.weights.get(NORM)[i]) / 2);
      }
      assertThat(backbone.spec(NORM).type()).isEqualTo(TensorType.F32);
      assertThat(backbone.names()).noneMatch(name -> name.contains("mlp."));
      assertThat(expert.spec(UP).type()).isEqualTo(TensorType.BF16);
      assertThat(expert.readFloats(UP)).containsExactly(b.weights.get(UP));
      assertThat(expert.names()).hasSize(6);
    }
  }

  @Test
  void shouldWriteTheAveragesInAnotherTypeWhenAskedTo() throws IOException {
    TestModel a = TestModel.random(TestModel.config("llama"), TensorType.F32, 1);

    Path out = merge(a, a, new MoErge.Options(TensorType.F16, false));

    try (Safetensors backbone = Safetensors.open(out.resolve("backbone.safetensors"))) {
      assertThat(backbone.spec(NORM).type()).isEqualTo(TensorType.F16);
    }
    assertThat(Files.readString(out.resolve("config.json"))).contains("\"float16\"");
  }

  @Test
  void shouldKeepTheRowsThatVocabulariesShareAndSaySo() throws IOException {
    TestModel small = TestModel.random(TestModel.config("llama"), TensorType.F32, 1);
    TestModel large =
        TestModel.random(TestModel.config("llama").put("vocab_size", 55), TensorType.F32, 2);
    List<MoErge.Expert> experts = experts(large, small);

    MoErge.Result result = MoErge.merge(experts, directory.resolve("out"), MoErge.Options.DEFAULT);

    assertThat(result.warnings()).anyMatch(w -> w.contains("55 vocabulary rows"));
    assertThat(ModelConfig.read(directory.resolve("out/config.json")).vocabSize()).isEqualTo(50);
    try (Safetensors backbone = Safetensors.open(directory.resolve("out/backbone.safetensors"))) {
      float[] output = backbone.readFloats("lm_head.weight");
      assertThat(output).hasSize(50 * 24);
      int last = output.length - 1;
      double sum =
          (double) small.weights.get("lm_head.weight")[last]
              + large.weights.get("lm_head.weight")[last];
      assertThat(output[last]).isEqualTo((float) (sum / 2));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "rms_norm_eps, 0.001, 1.0E-5",
    "rope_theta, 500.0, 10000.0",
    "num_hidden_layers, 1, 2",
    "intermediate_size, 44, 40",
    "eos_token_id, 3, [2]",
    "max_position_embeddings, 128, 64",
    "a_field_of_tomorrow, 5, (absent)",
  })
  void shouldRefuseOtherDifferencesNamingTheFieldAndBothValues(
      String field, String value, String other) throws IOException {
    ObjectNode changed = TestModel.config("llama");
    changed.set(field, TestModel.JSON.readTree(value));
    TestModel a = TestModel.random(TestModel.config("llama"), TensorType.F32, 1);
    TestModel b = TestModel.random(changed, TensorType.F32, 2);

    assertThatThrownBy(() -> merge(a, b, MoErge.Options.DEFAULT))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContaining(field)
        .hasMessageContaining(value)
        .hasMessageContaining(other);
    assertThat(directory.resolve("out")).doesNotExist();
  }

  @Test
  void shouldIgnoreDifferencesThatCannotChangeAResult() throws IOException {
    ObjectNode changed = TestModel.config("llama").put("torch_dtype", "bfloat16");
    changed.put("_name_or_path", "elsewhere").put("transformers_version", "4.1");
    changed.putNull("rope_scaling");
    TestModel a = TestModel.random(TestModel.config("llama"), TensorType.F32, 1);
    TestModel b = TestModel.random(changed, TensorType.F32, 2);

    Path out = merge(a, b, MoErge.Options.DEFAULT);

    assertThat(MergedManifest.read(out).expertNames()).containsExactly("one", "two");
  }

  @Test
  void shouldWriteTheSameBytesForTheSameExperts() throws IOException {
    Golden.merge(directory.resolve("first"));
    Golden.merge(directory.resolve("second"));

    List<Path> files;
    try (Stream<Path> walk = Files.walk(directory.resolve("first"))) {
      files = walk.filter(Files::isRegularFile).toList();
    }
    assertThat(files).hasSize(6);
    for (Path file : files) {
      Path twin = directory.resolve("second").resolve(directory.resolve("first").relativize(file));
      assertThat(Files.mismatch(file, twin)).isEqualTo(-1);
    }
  }

  @Test
  void shouldGiveEachPartAFingerprintOfItsOwn() throws IOException {
    TestModel a = TestModel.random(TestModel.config("llama"), TensorType.F32, 1);
    TestModel b = TestModel.random(TestModel.config("llama"), TensorType.F32, 2);
    Path before = merge(a, b, MoErge.Options.DEFAULT);
    b.weights.get(UP)[0] += 1e-6f;
    Path mlp = Files.createDirectory(directory.resolve("mlp"));
    MoErge.merge(experts(a, b), mlp, MoErge.Options.DEFAULT);
    a.weights.get(NORM)[0] += 1e-6f;
    Path norm = Files.createDirectory(directory.resolve("norm"));
    MoErge.merge(experts(a, b), norm, MoErge.Options.DEFAULT);

    MergedManifest first = MergedManifest.read(before);
    MergedManifest otherMlp = MergedManifest.read(mlp);
    MergedManifest otherNorm = MergedManifest.read(norm);
    assertThat(otherMlp.backboneFingerprint()).isEqualTo(first.backboneFingerprint());
    assertThat(otherMlp.experts().get(0)).isEqualTo(first.experts().get(0));
    assertThat(otherMlp.experts().get(1)).isNotEqualTo(first.experts().get(1));
    assertThat(otherNorm.backboneFingerprint()).isNotEqualTo(first.backboneFingerprint());
    assertThat(otherNorm.experts()).isEqualTo(otherMlp.experts());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".hidden", "a/b", "sp ace", "ü"})
  void shouldRefuseANameThatIsNotOne(String name) {
    assertThatThrownBy(() -> new MoErge.Expert(name, directory))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"" + name + "\"");
  }

  @Test
  void shouldRefuseANameThatIsGivenTwice() {
    List<MoErge.Expert> twice =
        List.of(new MoErge.Expert("a", directory), new MoErge.Expert("a", directory));

    assertThatThrownBy(() -> MoErge.merge(twice, directory.resolve("out"), MoErge.Options.DEFAULT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a is given twice");
  }

  @Test
  void shouldReplaceAMergedModelOnlyWhenForcedAndAnythingElseNever() throws IOException {
    Path out = directory.resolve("out");
    Golden.merge(out);
    Path other = Files.createDirectory(directory.resolve("other"));
    Files.writeString(other.resolve("letter.txt"), "dear");
    TestModel a = TestModel.random(TestModel.config("llama"), TensorType.F32, 1);
    MoErge.Options force = new MoErge.Options(TensorType.F32, true);

    assertThatThrownBy(() -> merge(a, a, MoErge.Options.DEFAULT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not empty");
    assertThatThrownBy(() -> MoErge.merge(experts(a, a), other, force))
        .hasMessageContaining("not a merged model");
    merge(a, a, force);

    assertThat(MergedManifest.read(out).expertNames()).containsExactly("one", "two");
    assertThat(other.resolve("letter.txt")).exists();
  }

  @Test
  void shouldLeaveNothingBehindWhenAnExpertIsBroken() throws IOException {
    TestModel a = TestModel.random(TestModel.config("llama"), TensorType.F32, 1);
    TestModel b = TestModel.random(TestModel.config("llama"), TensorType.F32, 2);
    b.weights.get(UP)[3] = Float.NaN;

    assertThatThrownBy(() -> merge(a, b, MoErge.Options.DEFAULT))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContaining("model.safetensors")
        .hasMessageContaining(UP);

    try (Stream<Path> left = Files.list(directory)) {
      assertThat(left.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder("one", "two");
    }
  }

  @Test
  void shouldCopyTheTokenizerAndWarnOfAnExpertWithoutOne() throws IOException {
    TestModel a = TestModel.random(TestModel.config("llama"), TensorType.F32, 1);
    List<MoErge.Expert> experts = experts(a, a);
    TestTokenizers.write(directory.resolve("two"), false);
    Files.writeString(directory.resolve("two/tokenizer_config.json"), "{}");

    MoErge.Result result = MoErge.merge(experts, directory.resolve("out"), MoErge.Options.DEFAULT);

    assertThat(directory.resolve("out/tokenizer_config.json")).hasContent("{}");
    assertThat(result.warnings()).anyMatch(w -> w.contains("one has no tokenizer.json"));
    try (Tokenizer tokenizer = Tokenizer.load(directory.resolve("out"))) {
      assertThat(tokenizer.endOfText()).hasValue(2);
    }
  }

  @Test
  void shouldRefuseTokenizersThatDisagreeAndWarnOfThoseThatMerelyDiffer() throws IOException {
    TestModel a = TestModel.random(TestModel.config("llama"), TensorType.F32, 1);
    List<MoErge.Expert> experts = experts(a, a);
    TestTokenizers.write(directory.resolve("one"), false);
    TestTokenizers.write(directory.resolve("two"), true);

    MoErge.Result result = MoErge.merge(experts, directory.resolve("out"), MoErge.Options.DEFAULT);
    assertThat(result.warnings()).anyMatch(w -> w.contains("differs from"));

    Path file = directory.resolve("two/tokenizer.json");
    Files.writeString(file, Files.readString(file).replace("\"ab\": 5", "\"ba\": 5"));
    assertThatThrownBy(
            () -> MoErge.merge(experts, directory.resolve("out2"), MoErge.Options.DEFAULT))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContaining("token 5")
        .hasMessageContaining("\"ba\"");
  }

  @Test
  void shouldRefuseAManifestOfAnotherFormatOrWithout() throws IOException {
    assertThatThrownBy(() -> MergedManifest.read(directory))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContaining("not a merged model");
    Files.writeString(directory.resolve("dume.json"), "{\"format\": \"dume-merged-model/9\"}");
    assertThatThrownBy(() -> MergedManifest.read(directory))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContaining("format")
        .hasMessageContaining("dume-merged-model/9");
    Files.writeString(
        directory.resolve("dume.json"),
        "{\"format\": \"dume-merged-model/1\", \"experts\": [{\"name\": \"a\", \"fingerprint\":"
            + " \"x\"}], \"backbone\": {\"fingerprint\": \"x\"}}");
    assertThatThrownBy(() -> MergedManifest.read(directory))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContaining("fingerprint of expert a");
  }

  private List<MoErge.Expert> experts(TestModel one, TestModel two) throws IOException {
    return List.of(
        new MoErge.Expert("one", one.write(directory.resolve("one"))),
        new MoErge.Expert("two", two.write(directory.resolve("two"))));
  }

  private Path merge(TestModel one, TestModel two, MoErge.Options options) throws IOException {
    Path out = directory.resolve("out");
    MoErge.merge(experts(one, two), out, options);
    return out;
  }
}
