package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Experts that join and leave a merged directory whose backbone stays. */
class MoErgeChangeTest {

  @TempDir Path directory;
  private Path merged;

  @BeforeEach
  void mergeTwo() throws IOException {
    merged = directory.resolve("merged");
    MoErge.merge(List.of(expert("one", 1), expert("two", 2)), merged, MoErge.Options.DEFAULT);
  }

  @Test
  void shouldAddAnExpertBehindTheOthersAndKeepTheBackbone() throws IOException {
    MergedManifest before = MergedManifest.read(merged);
    byte[] backbone = Files.readAllBytes(merged.resolve("backbone.safetensors"));
    byte[] config = Files.readAllBytes(merged.resolve("config.json"));

    MoErge.Change change = MoErge.add(merged, List.of(expert("three", 3)));

    MergedManifest after = MergedManifest.read(merged);
    assertThat(change.manifest()).isEqualTo(after);
    assertThat(after.expertNames()).containsExactly("one", "two", "three");
    assertThat(after.experts().subList(0, 2)).isEqualTo(before.experts());
    assertThat(after.backboneFingerprint()).isEqualTo(before.backboneFingerprint());
    assertThat(after.experts())
        .extracting(MergedManifest.Expert::averaged)
        .containsExactly(true, true, false);
    assertThat(merged.resolve("backbone.safetensors")).hasBinaryContent(backbone);
    assertThat(merged.resolve("config.json")).hasBinaryContent(config);
  }

  @Test
  void shouldWriteTheMlpsAsAnOrdinaryMergeDoes() throws IOException {
    TestModel half = TestModel.random(TestModel.config("llama"), TensorType.BF16, 3);
    MoErge.Expert three = new MoErge.Expert("three", half.write(directory.resolve("three")));
    Path ordinary = directory.resolve("ordinary");
    MoErge.merge(List.of(three), ordinary, MoErge.Options.DEFAULT);

    MoErge.add(merged, List.of(three));

    assertThat(merged.resolve("experts/three.safetensors"))
        .hasSameBinaryContentAs(ordinary.resolve("experts/three.safetensors"));
    assertThat(MergedManifest.read(merged).experts().get(2).fingerprint())
        .isEqualTo(MergedManifest.read(ordinary).experts().get(0).fingerprint());
  }

  @Test
  void shouldRestoreEveryByteWhenTheExpertLeavesAgain() throws IOException {
    byte[] manifest = Files.readAllBytes(merged.resolve("dume.json"));
    MoErge.add(merged, List.of(expert("three", 3), expert("four", 4)));

    MoErge.remove(merged, List.of("four", "three"));

    assertThat(merged.resolve("dume.json")).hasBinaryContent(manifest);
    assertThat(files(merged.resolve("experts")))
        .containsExactlyInAnyOrder("one.safetensors", "two.safetensors");
  }

  @Test
  void shouldMakeADirectoryOfItsOwnAndLeaveTheBaseAlone() throws IOException {
    List<String> before = files(merged);
    MergedManifest old = MergedManifest.read(merged);
    Path more = directory.resolve("more");
    Path fewer = directory.resolve("fewer");

    MoErge.add(merged, List.of(expert("three", 3)), more, false);
    MoErge.remove(more, List.of("one"), fewer, false);

    assertThat(MergedManifest.read(more).expertNames()).containsExactly("one", "two", "three");
    assertThat(MergedManifest.read(fewer).expertNames()).containsExactly("two", "three");
    assertThat(MergedManifest.read(merged)).isEqualTo(old);
    assertThat(files(merged)).isEqualTo(before);
    assertThat(files(fewer.resolve("experts")))
        .containsExactlyInAnyOrder("two.safetensors", "three.safetensors");
    Whole.require(more);
    Whole.require(fewer);
  }

  @Test
  void shouldNotTouchADirectoryThatSharesItsWeights() throws IOException {
    Path more = directory.resolve("more");
    MoErge.add(merged, List.of(expert("three", 3)), more, false);

    MoErge.remove(more, List.of("two"));
    MoErge.add(more, List.of(expert("two", 5)));

    Whole.require(merged);
    Whole.require(more);
    assertThat(MergedManifest.read(more).experts().get(2).fingerprint())
        .isNotEqualTo(MergedManifest.read(merged).experts().get(1).fingerprint());
  }

  @Test
  void shouldTellHowFarWhatItDidNotTakeIsFromTheBackbone() throws IOException {
    TestModel base = TestModel.random(TestModel.config("llama"), TensorType.F32, 7);
    Path alone = directory.resolve("alone");
    MoErge.merge(
        List.of(new MoErge.Expert("base", base.write(directory.resolve("base")))),
        alone,
        MoErge.Options.DEFAULT);
    base.weights.get("model.layers.1.mlp.up_proj.weight")[0] += 1;
    MoErge.Expert mlps = new MoErge.Expert("mlps", base.write(directory.resolve("mlps")));
    float[] query = base.weights.get("model.layers.1.self_attn.q_proj.weight");
    for (int i = 0; i < query.length; i++) {
      query[i] *= 2;
    }
    MoErge.Expert all = new MoErge.Expert("all", base.write(directory.resolve("all")));

    MoErge.Change change = MoErge.add(alone, List.of(mlps, all));

    assertThat(change.additions()).extracting(MoErge.Addition::name).containsExactly("mlps", "all");
    assertThat(change.additions().get(0).attention().relative()).isZero();
    assertThat(change.additions().get(0).rest().relative()).isZero();
    assertThat(change.additions().get(1).attention())
        .isEqualTo(new MoErge.Distance("model.layers.1.self_attn.q_proj.weight", 0.5));
    assertThat(change.additions().get(1).rest().relative()).isZero();
  }

  @Test
  void shouldRefuseANameThatIsTakenOrThatIsNotThere() throws IOException {
    MoErge.Expert taken = expert("two", 3);

    assertThatThrownBy(() -> MoErge.add(merged, List.of(taken)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("expert two", "choose another name");
    assertThatThrownBy(() -> MoErge.remove(merged, List.of("ten")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("expert ten", "[one, two]");
    assertThatThrownBy(() -> MoErge.remove(merged, List.of("one", "two")))
        .hasMessageContainingAll("no expert would be left", "delete the directory");
    assertThatThrownBy(() -> MoErge.remove(merged, List.of("one", "one")))
        .hasMessageContaining("given twice");
    Whole.require(merged);
  }

  @ParameterizedTest
  @CsvSource({
    "hidden_size, 32, 24",
    "num_hidden_layers, 1, 2",
    "num_attention_heads, 2, 4",
    "intermediate_size, 44, 40",
    "rms_norm_eps, 0.001, 1.0E-5",
    "vocab_size, 40, 50 rows",
  })
  void shouldRefuseAnotherArchitectureNamingTheFieldBothValuesAndWhatToDo(
      String field, String value, String other) throws IOException {
    ObjectNode changed = TestModel.config("llama");
    changed.set(field, TestModel.JSON.readTree(value));
    TestModel three = TestModel.random(changed, TensorType.F32, 3);
    MoErge.Expert expert = new MoErge.Expert("three", three.write(directory.resolve("three")));
    List<String> before = files(merged.resolve("experts"));

    assertThatThrownBy(() -> MoErge.add(merged, List.of(expert("four", 4), expert)))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContainingAll(field, value, other)
        .hasMessageMatching("(?s).*(same base model|merge all experts anew).*");
    assertThat(files(merged.resolve("experts"))).isEqualTo(before);
    assertThat(MergedManifest.read(merged).expertNames()).containsExactly("one", "two");
  }

  @Test
  void shouldKeepTheBackbonesRowsWhenAnExpertHasMore() throws IOException {
    TestModel large =
        TestModel.random(TestModel.config("llama").put("vocab_size", 55), TensorType.F32, 3);

    MoErge.Change change =
        MoErge.add(
            merged, List.of(new MoErge.Expert("large", large.write(directory.resolve("large")))));

    assertThat(change.warnings()).anyMatch(w -> w.contains("55 vocabulary rows"));
    Whole.require(merged);
  }

  @Test
  void shouldRefuseATokenizerThatMeansSomethingElse() throws IOException {
    TestTokenizers.write(merged, false);
    MoErge.Expert three = expert("three", 3);
    TestTokenizers.write(three.directory(), false);
    Path file = three.directory().resolve("tokenizer.json");
    Files.writeString(file, Files.readString(file).replace("\"ab\": 5", "\"ba\": 5"));

    assertThatThrownBy(() -> MoErge.add(merged, List.of(three)))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContainingAll("token 5", "\"ba\"");
  }

  @Test
  void shouldSayThatTwoExpertsAreOne() throws IOException {
    MoErge.Change change =
        MoErge.add(merged, List.of(new MoErge.Expert("twin", directory.resolve("two"))));

    assertThat(change.warnings()).contains("twin has the very MLPs of two");
  }

  @Test
  void shouldLeaveTheOldModelWhenAnExpertIsBroken() throws IOException {
    TestModel broken = TestModel.random(TestModel.config("llama"), TensorType.F32, 3);
    broken.weights.get("model.layers.1.mlp.up_proj.weight")[3] = Float.NaN;
    MoErge.Expert three = new MoErge.Expert("three", broken.write(directory.resolve("three")));

    assertThatThrownBy(() -> MoErge.add(merged, List.of(three)))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContaining("up_proj");
    assertThatThrownBy(() -> MoErge.add(merged, List.of(three), directory.resolve("more"), false))
        .isInstanceOf(InvalidModelException.class);

    assertThat(files(merged.resolve("experts"))).hasSize(2);
    assertThat(directory.resolve("more")).doesNotExist();
    Whole.require(merged);
  }

  @Test
  void shouldRefuseABackboneThatIsNotThatOfItsManifest() throws IOException {
    Path file = merged.resolve("backbone.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 4] ^= 1;
    Files.write(file, bytes);

    assertThatThrownBy(() -> MoErge.add(merged, List.of(expert("three", 3))))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContainingAll("backbone.safetensors", "fingerprint");
  }

  @Test
  void shouldRefuseToCopyAModelOntoItselfAndToChangeWhatIsNone() throws IOException {
    assertThatThrownBy(() -> MoErge.remove(merged, List.of("one"), merged, true))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the merged model itself");
    assertThatThrownBy(() -> MoErge.add(directory.resolve("one"), List.of(expert("three", 3))))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContaining("not a merged model");
  }

  @Test
  void shouldLetOneChangeInAtATime() throws IOException {
    try (ChangeLock lock = ChangeLock.take(merged)) {
      assertThat(lock.directory()).isDirectory();
      assertThatThrownBy(() -> MoErge.remove(merged, List.of("one")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("being changed by someone else");
    }

    MoErge.remove(merged, List.of("one"));

    assertThat(MergedManifest.read(merged).expertNames()).containsExactly("two");
  }

  @Test
  void shouldReadAManifestThatDoesNotSayWhatWasAveraged() throws IOException {
    Path file = merged.resolve("dume.json");
    String text = Files.readString(file);
    Files.writeString(file, text.replaceAll(",\\s*\"averaged\" : true", ""));
    assertThat(Files.readString(file)).doesNotContain("averaged");

    MoErge.add(merged, List.of(expert("three", 3)));

    assertThat(MergedManifest.read(merged).experts())
        .extracting(MergedManifest.Expert::averaged)
        .containsExactly(true, true, false);
  }

  private MoErge.Expert expert(String name, long seed) throws IOException {
    TestModel model = TestModel.random(TestModel.config("llama"), TensorType.F32, seed);
    return new MoErge.Expert(name, model.write(directory.resolve(name)));
  }

  private static List<String> files(Path directory) throws IOException {
    try (Stream<Path> list = Files.list(directory)) {
      return list.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }
}
