package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MixtureExportTest {

  private static final int EXPERTS = 3;
  private static final int LAYERS = 2;
  private static final int WIDTH = 24;

  @TempDir private Path directory;

  /** A configuration whose heads are as wide as every layout can say. */
  private static ObjectNode config(String type) {
    return TestModel.config(type).put("head_dim", 6);
  }

  private Path merged(ObjectNode config) throws IOException {
    return merged(config, TensorType.F32);
  }

  private Path merged(ObjectNode config, TensorType type) throws IOException {
    List<MoErge.Expert> experts = new ArrayList<>();
    for (int e = 0; e < EXPERTS; e++) {
      Path expert = directory.resolve("expert" + e);
      TestModel.random(config, type, 7 + e).write(expert);
      experts.add(new MoErge.Expert("e" + e, expert));
    }
    Path merged = directory.resolve("merged");
    MoErge.merge(experts, merged, MoErge.Options.DEFAULT);
    return merged;
  }

  private static RouterWeights router(boolean intercept, Map<String, String> metadata) {
    Random random = new Random(3);
    int experts = metadata.getOrDefault(RouterWeights.EXPERTS, "e0,e1,e2").split(",").length;
    List<float[]> weights = new ArrayList<>();
    List<float[]> biases = new ArrayList<>();
    for (int l = 0; l < LAYERS; l++) {
      float[] weight = new float[experts * WIDTH];
      for (int i = 0; i < weight.length; i++) {
        weight[i] = (float) random.nextGaussian();
      }
      float[] bias = new float[experts];
      if (intercept) {
        bias[l] = 0.5f;
      }
      weights.add(weight);
      biases.add(bias);
    }
    return new RouterWeights(weights, biases, metadata);
  }

  private static MixtureExport.Options options(String layout, String policy) {
    return new MixtureExport.Options(
        Optional.of(layout).filter(name -> !name.isEmpty()).map(ExportLayout::parse),
        TensorType.F32,
        1 << 30,
        RoutingPolicy.parse(policy));
  }

  private JsonNode json(Path out, String file) throws IOException {
    return TestModel.JSON.readTree(out.resolve(file).toFile());
  }

  private static Map<String, float[]> read(Path file) throws IOException {
    Map<String, float[]> tensors = new HashMap<>();
    try (Safetensors found = Safetensors.open(file)) {
      assertThat(found.metadata()).containsEntry("format", "pt");
      for (String name : found.names()) {
        tensors.put(name, found.readFloats(name));
      }
    }
    return tensors;
  }

  private static Map<String, float[]> backbone(Path merged) throws IOException {
    Map<String, float[]> tensors = new HashMap<>();
    try (Safetensors found = Safetensors.open(merged.resolve("backbone.safetensors"))) {
      for (String name : found.names()) {
        tensors.put(name, found.readFloats(name));
      }
    }
    return tensors;
  }

  private static float[] mlp(Path merged, String expert, int layer, String part)
      throws IOException {
    try (Safetensors found = Safetensors.open(MergedModel.expertFile(merged, expert))) {
      return found.readFloats(ModelTensors.mlp(layer, part));
    }
  }

  @Test
  void shouldNameAllTensorsAsMixtralDoesWithTheTemperatureInTheGate() throws IOException {
    Path merged = merged(TestModel.config("llama"));
    RouterWeights router = router(false, Map.of());
    Path out = directory.resolve("out");

    MixtureExport.Result result =
        MixtureExport.write(merged, router, options("mixtral", "top-k=2,temperature=0.25"), out);

    Map<String, float[]> tensors = read(out.resolve("model.safetensors"));
    Map<String, float[]> expected = backbone(merged);
    for (int l = 0; l < LAYERS; l++) {
      String block = "model.layers." + l + ".block_sparse_moe.";
      float[] gate = router.weight(l);
      for (int i = 0; i < gate.length; i++) {
        gate[i] = gate[i] / 0.25f;
      }
      expected.put(block + "gate.weight", gate);
      for (int e = 0; e < EXPERTS; e++) {
        String expert = block + "experts." + e + ".";
        expected.put(expert + "w1.weight", mlp(merged, "e" + e, l, "gate_proj"));
        expected.put(expert + "w2.weight", mlp(merged, "e" + e, l, "down_proj"));
        expected.put(expert + "w3.weight", mlp(merged, "e" + e, l, "up_proj"));
      }
    }
    assertThat(tensors).usingRecursiveComparison().isEqualTo(expected);
    assertThat(result.layout()).isEqualTo(ExportLayout.MIXTRAL);
    assertThat(result.shards()).isEqualTo(1);
    assertThat(result.bytes())
        .isEqualTo(4L * expected.values().stream().mapToInt(values -> values.length).sum());
    JsonNode config = json(out, "config.json");
    assertThat(config.at("/architectures/0").asText()).isEqualTo("MixtralForCausalLM");
    assertThat(config.get("model_type").asText()).isEqualTo("mixtral");
    assertThat(config.get("num_local_experts").asInt()).isEqualTo(3);
    assertThat(config.get("num_experts_per_tok").asInt()).isEqualTo(2);
    assertThat(config.get("head_dim").asInt()).isEqualTo(8);
    assertThat(config.get("vocab_size").asInt()).isEqualTo(50);
    assertThat(config.get("intermediate_size").asInt()).isEqualTo(40);
    assertThat(config.get("rms_norm_eps").asDouble()).isEqualTo(1e-5);
    assertThat(config.get("torch_dtype").asText()).isEqualTo("float32");
    assertThat(config.get("eos_token_id").asInt()).isEqualTo(2);
    // The class has a default that the experts don't.
    assertThat(config.get("bos_token_id").isNull()).isTrue();
    assertThat(config.get("sliding_window").isNull()).isTrue();
    assertThat(json(out, "generation_config.json").get("eos_token_id").asInt()).isEqualTo(2);
  }

  @Test
  void shouldNotDivideTheGateOfASingleExpert() throws IOException {
    Path merged = merged(TestModel.config("llama"));
    RouterWeights router = router(false, Map.of());
    Path out = directory.resolve("out");

    MixtureExport.write(merged, router, options("mixtral", "temperature=1e-6"), out);

    assertThat(
            read(out.resolve("model.safetensors"))
                .get("model.layers.1.block_sparse_moe.gate.weight"))
        .isEqualTo(router.weight(1));
  }

  @ParameterizedTest
  @CsvSource({"qwen2", "llama"})
  void shouldNameAllTensorsAsQwenDoesWithASharedExpertThatAddsNothing(String type)
      throws IOException {
    Path merged = merged(config(type));
    RouterWeights router = router(false, Map.of());
    Path out = directory.resolve("out");

    MixtureExport.write(merged, router, options("qwen2-moe", "paper"), out);

    Map<String, float[]> tensors = read(out.resolve("model.safetensors"));
    Map<String, float[]> expected = backbone(merged);
    for (int l = 0; l < LAYERS; l++) {
      String layer = "model.layers." + l + ".";
      expected.put(layer + "mlp.gate.weight", router.weight(l));
      expected.put(layer + "mlp.shared_expert_gate.weight", new float[WIDTH]);
      for (String part : ModelTensors.MLP_PARTS) {
        expected.put(layer + "mlp.shared_expert." + part + ".weight", new float[WIDTH]);
        for (int e = 0; e < EXPERTS; e++) {
          expected.put(
              layer + "mlp.experts." + e + "." + part + ".weight", mlp(merged, "e" + e, l, part));
        }
      }
      expected.putIfAbsent(layer + "self_attn.q_proj.bias", new float[24]);
      expected.putIfAbsent(layer + "self_attn.k_proj.bias", new float[12]);
      expected.putIfAbsent(layer + "self_attn.v_proj.bias", new float[12]);
    }
    assertThat(tensors).usingRecursiveComparison().isEqualTo(expected);
    JsonNode config = json(out, "config.json");
    assertThat(config.at("/architectures/0").asText()).isEqualTo("Qwen2MoeForCausalLM");
    assertThat(config.get("model_type").asText()).isEqualTo("qwen2_moe");
    assertThat(config.get("num_experts").asInt()).isEqualTo(3);
    assertThat(config.get("norm_topk_prob").asBoolean()).isTrue();
    assertThat(config.get("decoder_sparse_step").asInt()).isEqualTo(1);
    assertThat(config.get("mlp_only_layers")).isEmpty();
    assertThat(config.get("moe_intermediate_size").asInt()).isEqualTo(40);
    assertThat(config.get("shared_expert_intermediate_size").asInt()).isEqualTo(1);
  }

  @Test
  void shouldKeepInterceptsAndMemoryInItsOwnLayoutAndBringTheCode() throws IOException {
    Path merged = merged(TestModel.config("qwen2"));
    RouterWeights router = router(true, Map.of("version", "4", "training", "of three"));
    Path out = directory.resolve("out");
    String policy = "top-k=2,temperature=0.5,smoothing=0.9,below=0.2,above=0.3";

    MixtureExport.Result result = MixtureExport.write(merged, router, options("", policy), out);

    assertThat(result.layout()).isEqualTo(ExportLayout.DUME);
    Map<String, float[]> tensors = read(out.resolve("model.safetensors"));
    for (int l = 0; l < LAYERS; l++) {
      String layer = "model.layers." + l + ".";
      assertThat(tensors.get(layer + "mlp.gate.weight")).isEqualTo(router.weight(l));
      assertThat(tensors.get(layer + "mlp.gate.bias")).isEqualTo(router.bias(l));
      // Llama's class has this bias where it has the others.
      assertThat(tensors.get(layer + "self_attn.o_proj.bias")).isEqualTo(new float[WIDTH]);
      assertThat(tensors.get(layer + "mlp.experts.2.up_proj.weight"))
          .isEqualTo(mlp(merged, "e2", l, "up_proj"));
    }
    JsonNode config = json(out, "config.json");
    assertThat(config.get("model_type").asText()).isEqualTo("dume");
    assertThat(config.at("/auto_map/AutoModelForCausalLM").asText())
        .isEqualTo("modeling_dume.DumeForCausalLM");
    assertThat(config.get("attention_bias").asBoolean()).isTrue();
    assertThat(config.get("num_experts_per_tok").asInt()).isEqualTo(2);
    assertThat(config.get("routing_temperature").asDouble()).isEqualTo(0.5);
    assertThat(config.get("routing_smoothing").asDouble()).isEqualTo(0.9);
    assertThat(config.get("routing_below").asDouble()).isEqualTo(0.2);
    assertThat(config.get("routing_above").asDouble()).isEqualTo(0.3);
    assertThat(config.at("/dume/version").asText()).isEqualTo("4");
    assertThat(config.at("/dume/training").asText()).isEqualTo("of three");
    assertThat(out.resolve("modeling_dume.py")).content().contains("class DumeForCausalLM(");
    assertThat(out.resolve("configuration_dume.py")).content().contains("class DumeConfig(");
  }

  @Test
  void shouldWriteTheRoutersExpertsInItsOrderAndNoOthers() throws IOException {
    Path merged = merged(TestModel.config("llama"));
    RouterWeights router = router(false, Map.of(RouterWeights.EXPERTS, "e2,e0"));
    Path out = directory.resolve("out");

    MixtureExport.write(merged, router, options("mixtral", "paper"), out);

    Map<String, float[]> tensors = read(out.resolve("model.safetensors"));
    String experts = "model.layers.0.block_sparse_moe.experts.";
    assertThat(tensors.get(experts + "0.w1.weight")).isEqualTo(mlp(merged, "e2", 0, "gate_proj"));
    assertThat(tensors.get(experts + "1.w1.weight")).isEqualTo(mlp(merged, "e0", 0, "gate_proj"));
    assertThat(tensors).doesNotContainKey(experts + "2.w1.weight");
    assertThat(json(out, "config.json").get("num_local_experts").asInt()).isEqualTo(2);
  }

  @Test
  void shouldSpreadWeightsOverFilesOfTheSizeAskedForAndListEachTensorOnce() throws IOException {
    Path merged = merged(TestModel.config("llama"));
    RouterWeights router = router(false, Map.of());
    Path whole = directory.resolve("whole");
    Path out = directory.resolve("out");
    MixtureExport.write(merged, router, options("mixtral", "paper"), whole);
    int most = 9_000;

    MixtureExport.Result result =
        MixtureExport.write(
            merged,
            router,
            new MixtureExport.Options(Optional.empty(), TensorType.F32, most, RoutingPolicy.PAPER),
            out);

    JsonNode index = json(out, "model.safetensors.index.json");
    assertThat(index.at("/metadata/total_size").asLong()).isEqualTo(result.bytes());
    Map<String, float[]> found = new HashMap<>();
    long bytes = 0;
    for (int shard = 1; shard <= result.shards(); shard++) {
      String file = "model-%05d-of-%05d.safetensors".formatted(shard, result.shards());
      long own = 0;
      Map<String, float[]> tensors = read(out.resolve(file));
      for (Map.Entry<String, float[]> tensor : tensors.entrySet()) {
        assertThat(index.get("weight_map").get(tensor.getKey()).asText()).isEqualTo(file);
        assertThat(found.put(tensor.getKey(), tensor.getValue())).isNull();
        own += 4L * tensor.getValue().length;
      }
      assertThat(own).isPositive().isLessThanOrEqualTo(most);
      bytes += own;
    }
    assertThat(bytes).isEqualTo(result.bytes());
    assertThat(index.get("weight_map")).hasSize(found.size());
    assertThat(found)
        .usingRecursiveComparison()
        .isEqualTo(read(whole.resolve("model.safetensors")));
    assertThat(out.resolve("model.safetensors")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource({"BF16, bfloat16", "F16, float16"})
  void shouldRoundToNearest(TensorType type, String name) throws IOException {
    Path merged = merged(TestModel.config("llama"));
    RouterWeights router = router(true, Map.of());
    Path out = directory.resolve("out");

    MixtureExport.write(
        merged,
        router,
        new MixtureExport.Options(Optional.empty(), type, 1 << 30, RoutingPolicy.PAPER),
        out);

    try (Safetensors found = Safetensors.open(out.resolve("model.safetensors"))) {
      assertThat(found.names()).allSatisfy(n -> assertThat(found.spec(n).type()).isEqualTo(type));
      String expert = "model.layers.1.mlp.experts.1.down_proj.weight";
      assertThat(found.readFloats(expert))
          .isEqualTo(rounded(mlp(merged, "e1", 1, "down_proj"), type));
      assertThat(found.readFloats("model.layers.0.mlp.gate.weight"))
          .isEqualTo(rounded(router.weight(0), type));
    }
    assertThat(json(out, "config.json").get("torch_dtype").asText()).isEqualTo(name);
  }

  private static float[] rounded(float[] values, TensorType type) {
    float[] rounded = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      rounded[i] =
          type == TensorType.F16
              ? HalfPrecision.fromFloat16(HalfPrecision.toFloat16(values[i]))
              : HalfPrecision.fromBfloat16(HalfPrecision.toBfloat16(values[i]));
    }
    return rounded;
  }

  @Test
  void shouldRefuseWhatHalfPrecisionCannotHold() throws IOException {
    Path merged = merged(TestModel.config("llama"));
    List<float[]> weights = new ArrayList<>();
    for (int l = 0; l < LAYERS; l++) {
      weights.add(new float[EXPERTS * WIDTH]);
    }
    weights.get(1)[5] = 70_000;
    RouterWeights router =
        new RouterWeights(weights, List.of(new float[EXPERTS], new float[EXPERTS]), Map.of());
    Path out = directory.resolve("out");

    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                MixtureExport.write(
                    merged,
                    router,
                    new MixtureExport.Options(
                        Optional.empty(), TensorType.F16, 1 << 30, RoutingPolicy.PAPER),
                    out))
        .withMessage(
            "tensor model.layers.1.block_sparse_moe.gate.weight: element 5 is 70000.0, too large"
                + " for F16: give --dtype float32");
    assertNothingWritten(out);
  }

  private void assertNothingWritten(Path out) throws IOException {
    assertThat(out).doesNotExist();
    try (Stream<Path> beside = Files.list(directory)) {
      assertThat(beside).noneMatch(path -> path.getFileName().toString().endsWith(".tmp"));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "llama | true  | mixtral   | paper         | intercepts, which layout mixtral has no place",
        "llama | true  | qwen2-moe | paper         | dume fit --no-intercept, dume solver",
        "llama | false | mixtral   | smoothing=0.9 | remembers, which layout mixtral has no place",
        "llama | false | qwen2-moe | above=0.1     | give --policy paper, or --layout dume",
        "qwen2 | false | mixtral   | paper         | biases, which layout mixtral has no place for",
        "llama | false | mixtral   | top-k=4       | top-k = 4: the router has 3 experts",
      })
  void shouldRefuseWhatALayoutCannotExpress(
      String type, boolean intercept, String layout, String policy, String message)
      throws IOException {
    Path merged = merged(config(type));
    Path out = directory.resolve("out");

    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                MixtureExport.write(
                    merged, router(intercept, Map.of()), options(layout, policy), out))
        .withMessageContaining(message);
    assertNothingWritten(out);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "llama | false | paper         | 6 | false | false | mixtral",
        "llama | false | top-k=2       | 8 | false | false | mixtral",
        "llama | false | paper         | 6 | true  | false | dume",
        "llama | false | paper         | 8 | true  | false | dume",
        "llama | false | paper         | 6 | false | true  | dume",
        "qwen2 | false | paper         | 6 | false | false | qwen2-moe",
        "qwen2 | false | paper         | 8 | false | false | dume",
        "llama | true  | paper         | 6 | false | false | dume",
        "llama | false | smoothing=0.5 | 6 | false | false | dume",
      })
  void shouldChooseTheFirstLayoutThatCanExpressTheMixture(
      String type,
      boolean intercept,
      String policy,
      int headDim,
      boolean scaled,
      boolean biased,
      String layout)
      throws IOException {
    ObjectNode config = TestModel.config(type).put("head_dim", headDim);
    if (scaled) {
      config.putObject("rope_scaling").put("rope_type", "linear").put("factor", 2.0);
    }
    if (biased) {
      config.put("attention_bias", true);
    }
    Path merged = merged(config);
    Path out = directory.resolve("out");

    MixtureExport.Result result =
        MixtureExport.write(merged, router(intercept, Map.of()), options("", policy), out);

    assertThat(result.layout()).hasToString(layout);
    JsonNode scaling = json(out, "config.json").path("rope_scaling");
    assertThat(scaling.path("factor").asDouble()).isEqualTo(scaled ? 2.0 : 0.0);
  }

  @Test
  void shouldLeaveADirectoryAloneThatHasSomethingInIt() throws IOException {
    Path merged = merged(TestModel.config("llama"));
    Path out = Files.createDirectories(directory.resolve("out"));
    Files.writeString(out.resolve("mine.txt"), "mine");

    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> MixtureExport.write(merged, router(false, Map.of()), options("", "paper"), out))
        .withMessage(out + ": not empty: choose another directory");
    assertThat(out).isDirectoryContaining(path -> path.endsWith("mine.txt"));
  }

  @Test
  void shouldRefuseWeightsThatWereChangedAfterTheMerge() throws IOException {
    Path merged = merged(TestModel.config("llama"));
    Path file = MergedModel.expertFile(merged, "e1");
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 4] ^= 1;
    Files.write(file, bytes, StandardOpenOption.TRUNCATE_EXISTING);
    Path out = directory.resolve("out");

    assertThatExceptionOfType(InvalidModelException.class)
        .isThrownBy(
            () -> MixtureExport.write(merged, router(false, Map.of()), options("", "paper"), out))
        .withMessageContaining("changed after the merge");
    assertNothingWritten(out);
  }

  @Test
  void shouldRefuseARouterOfAnotherModel() throws IOException {
    Path merged = merged(TestModel.config("llama"));
    RouterWeights other = new RouterWeights(List.of(new float[6]), List.of(new float[3]), Map.of());

    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                MixtureExport.write(merged, other, options("", "paper"), directory.resolve("out")))
        .withMessage("the router is for 1 layers and width 2, the model has 2 and 24");
  }

  @Test
  void shouldRefuseARouterOfTokenEmbeddings() throws IOException {
    Path merged = merged(TestModel.config("llama"));
    RouterWeights router = router(false, Map.of(RouterWeights.FEATURE_SOURCE, "embedding"));

    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                MixtureExport.write(merged, router, options("", "paper"), directory.resolve("out")))
        .withMessageContaining("has no gates of layers");
  }

  @Test
  void shouldCopyTheTokenizerAndNameItsClass() throws IOException {
    Path merged = merged(TestModel.config("llama"));
    Files.writeString(merged.resolve("tokenizer.json"), "{\"model\": {}}");
    Files.writeString(merged.resolve("tokenizer_config.json"), "{\"eos_token\": \"<end>\"}");
    Files.writeString(merged.resolve("generation_config.json"), "{\"temperature\": 0.6}");
    Path out = directory.resolve("out");

    MixtureExport.write(merged, router(false, Map.of()), options("", "paper"), out);

    assertThat(out.resolve("tokenizer.json")).hasContent("{\"model\": {}}");
    JsonNode tokenizer = json(out, "tokenizer_config.json");
    assertThat(tokenizer.get("eos_token").asText()).isEqualTo("<end>");
    assertThat(tokenizer.get("tokenizer_class").asText()).isEqualTo("PreTrainedTokenizerFast");
    assertThat(json(out, "generation_config.json").get("temperature").asDouble()).isEqualTo(0.6);
    try (Stream<Path> files = Files.list(out)) {
      assertThat(new TreeSet<>(files.map(file -> file.getFileName().toString()).toList()))
          .containsExactly(
              "config.json",
              "generation_config.json",
              "model.safetensors",
              "tokenizer.json",
              "tokenizer_config.json");
    }
  }
}
