package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dume.demo.DemoAssets;
import io.dume.models.MergedManifest;
import io.dume.models.MoErge;
import io.dume.models.RouterWeights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RouterTrainCommandTest {

  private static final int WIDTH = 128;
  private static final int LAYERS = 4;

  @TempDir private static Path shared;
  @TempDir private Path directory;

  @BeforeAll
  static void prepare() throws IOException {
    DemoAssets.unpack(shared);
    List<MoErge.Expert> experts = new ArrayList<>();
    for (String domain : List.of("math", "code")) {
      experts.add(new MoErge.Expert(domain, DemoAssets.expert(shared, domain)));
    }
    MoErge.merge(experts, shared.resolve("model"), MoErge.Options.DEFAULT);
    MergedManifest manifest = MergedManifest.read(shared.resolve("model"));
    router(
            LAYERS,
            Map.of(
                "version",
                "12",
                "sha256",
                "ab",
                RouterWeights.EXPERTS,
                "math,code",
                RouterWeights.BACKBONE,
                manifest.backboneFingerprint(),
                "context_dim",
                "64",
                RouterWeights.POLICY,
                "smoothing=0.9"))
        .write(shared.resolve("router.safetensors"));
    StringBuilder text = new StringBuilder();
    for (String domain : List.of("math", "code")) {
      try (var documents = DemoAssets.documents(domain, DemoAssets.Split.TEST)) {
        documents
            .limit(4)
            .forEach(
                document ->
                    text.append(
                            new ObjectMapper()
                                .createObjectNode()
                                .put("domain", domain)
                                .put("id", "d" + text.length())
                                .put("text", document.text())
                                .toString())
                        .append('\n'));
      }
    }
    Files.writeString(shared.resolve("text.jsonl"), text);
    int first = text.indexOf("\n") + 1;
    Files.writeString(shared.resolve("validation.jsonl"), text.substring(0, first));
  }

  private static RouterWeights router(int layers, Map<String, String> strings) {
    SplittableRandom random = new SplittableRandom(4);
    List<float[]> weights = new ArrayList<>();
    List<float[]> biases = new ArrayList<>();
    for (int layer = 0; layer < layers; layer++) {
      float[] weight = new float[2 * WIDTH];
      for (int i = 0; i < weight.length; i++) {
        weight[i] = (float) (0.1 * random.nextGaussian());
      }
      weights.add(weight);
      biases.add(new float[2]);
    }
    return new RouterWeights(weights, biases, strings);
  }

  private List<String> arguments(Path router) {
    return new ArrayList<>(
        List.of(
            "router",
            "train",
            "--model",
            shared.resolve("model").toString(),
            "--router",
            router.toString(),
            "--jsonl",
            shared.resolve("text.jsonl").toString(),
            "--steps",
            "3",
            "--batch",
            "1",
            "--learning-rate",
            "1e-3",
            "--seed",
            "5",
            "--out",
            directory.resolve("plus.safetensors").toString()));
  }

  @Test
  void shouldTrainTheGatesOfAFileAndSayHow() throws IOException {
    CommandRun run = new CommandRun();
    Path file = shared.resolve("router.safetensors");
    List<String> arguments = arguments(file);
    arguments.addAll(List.of("--balance", "0.01"));

    int status = run.execute(arguments.toArray(String[]::new));

    assertThat(status).as(run.err()).isZero();
    RouterWeights trained = RouterWeights.read(directory.resolve("plus.safetensors"));
    RouterWeights start = RouterWeights.read(file);
    assertThat(trained.weight(2)).isNotEqualTo(start.weight(2));
    // Three steps, of which none moves a weight by much more than its rate.
    for (int i = 0; i < 2 * WIDTH; i++) {
      assertThat(Math.abs(trained.weight(2)[i] - start.weight(2)[i])).isLessThan(4e-3f);
    }
    assertThat(trained.metadata())
        .containsEntry(RouterWeights.EXPERTS, "math,code")
        .containsEntry("version", "12")
        .containsEntry("context_dim", "64")
        .containsEntry(
            RouterWeights.POLICY, "top-k=2,temperature=0.3,smoothing=0.9,below=0,above=0")
        .containsKey(RouterWeights.BACKBONE)
        .doesNotContainKey("sha256");
    JsonNode training = new ObjectMapper().readTree(trained.metadata().get("training"));
    assertThat(training.get("start").longValue()).isEqualTo(12);
    assertThat(training.get("start_sha256").textValue()).isEqualTo("ab");
    assertThat(training.get("steps").intValue()).isEqualTo(3);
    assertThat(training.get("learning_rate").doubleValue()).isEqualTo(1e-3);
    assertThat(training.get("balance").doubleValue()).isEqualTo(0.01);
    assertThat(training.get("tokens").longValue()).isGreaterThan(100);
    assertThat(training.get("seed").longValue()).isEqualTo(5);
  }

  @Test
  void shouldGiveNoBiasesToGatesThatHaveNone() throws IOException {
    CommandRun run = new CommandRun();
    Path file = directory.resolve("without.safetensors");
    router(LAYERS, Map.of("context_dim", "64", "intercept", "false")).write(file);

    int status = run.execute(arguments(file).toArray(String[]::new));

    assertThat(status).as(run.err()).isZero();
    RouterWeights trained = RouterWeights.read(directory.resolve("plus.safetensors"));
    for (int layer = 0; layer < LAYERS; layer++) {
      assertThat(trained.bias(layer)).containsOnly(0);
    }
    assertThat(trained.metadata()).containsEntry("intercept", "false");
  }

  @Test
  void shouldKeepTheBestByValidationText() {
    CommandRun run = new CommandRun();
    List<String> arguments = arguments(shared.resolve("router.safetensors"));
    arguments.addAll(
        List.of("--validation", shared.resolve("validation.jsonl").toString(), "--top-k", "1"));

    int status = run.execute(arguments.toArray(String[]::new));

    assertThat(status).as(run.err()).isZero();
    assertThat(run.err())
        .contains("held-out loss after 0 steps", "held-out loss after 3 steps", "top-k=1");
  }

  @Test
  void shouldRefuseToJudgeByWhatItLearnsFrom() {
    CommandRun run = new CommandRun();
    List<String> arguments = arguments(shared.resolve("router.safetensors"));
    arguments.addAll(List.of("--validation", shared.resolve("text.jsonl").toString()));

    int status = run.execute(arguments.toArray(String[]::new));

    assertThat(status).isEqualTo(ExitCode.FAILURE);
    assertThat(run.err()).contains("--jsonl", "is what --validation judges by");
  }

  @Test
  void shouldRefuseTrainedGatesThatAreNoVersionYet() throws IOException {
    CommandRun run = new CommandRun();
    Path trained = directory.resolve("trained.safetensors");
    router(LAYERS, Map.of("context_dim", "64", "version", "12", "training", "{\"start\": 12}"))
        .write(trained);

    int status = run.execute(arguments(trained).toArray(String[]::new));

    assertThat(status).isEqualTo(ExitCode.FAILURE);
    assertThat(run.err()).contains("trained already", "dume router publish");
    assertThat(directory.resolve("plus.safetensors")).doesNotExist();
  }

  @Test
  void shouldTrainAVersionOfTrainedGatesAndNameItAsTheStart() throws IOException {
    CommandRun run = new CommandRun();
    Path trained = directory.resolve("trained.safetensors");
    router(
            LAYERS,
            Map.of(
                "context_dim",
                "64",
                "version",
                "13",
                "sha256",
                "cd",
                "training",
                "{\"start\": 12, \"start_sha256\": \"ab\"}"))
        .write(trained);

    int status = run.execute(arguments(trained).toArray(String[]::new));

    assertThat(status).as(run.err()).isZero();
    JsonNode training =
        new ObjectMapper()
            .readTree(
                RouterWeights.read(directory.resolve("plus.safetensors"))
                    .metadata()
                    .get("training"));
    assertThat(training.get("start").longValue()).isEqualTo(13);
    assertThat(training.get("start_sha256").textValue()).isEqualTo("cd");
  }

  @Test
  void shouldNameWhatDoesNotFitTheModel() throws IOException {
    CommandRun run = new CommandRun();
    Path shallow = directory.resolve("shallow.safetensors");
    router(1, Map.of("context_dim", "64")).write(shallow);

    int status = run.execute(arguments(shallow).toArray(String[]::new));

    assertThat(status).isEqualTo(ExitCode.FAILURE);
    assertThat(run.err()).contains("the router is for 1 layers and width 128, the model has 4");
    assertThat(directory.resolve("plus.safetensors")).doesNotExist();
  }

  @Test
  void shouldRefuseMoreExpertsThanThereAre() {
    CommandRun run = new CommandRun();
    List<String> arguments = arguments(shared.resolve("router.safetensors"));
    arguments.addAll(List.of("--top-k", "3"));

    int status = run.execute(arguments.toArray(String[]::new));

    assertThat(status).isEqualTo(ExitCode.FAILURE);
    assertThat(run.err()).contains("--top-k 3", "has 2 experts");
  }
}
