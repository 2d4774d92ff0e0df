package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.models.Device;
import io.dume.models.MixtureModel;
import io.dume.models.RouterWeights;
import io.dume.models.Routing;
import io.dume.models.RoutingPolicy;
import io.dume.models.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LogitsCommandTest {

  private static final int[] FIRST = {5, 300, 77};
  private static final int[] SECOND = {2047};

  @TempDir private static Path shared;
  private static DemoModel model;

  @TempDir private Path directory;

  @BeforeAll
  static void makeModel() throws IOException {
    model = DemoModel.make(shared);
  }

  @Test
  void shouldWriteTheLogitsOfEachSequenceThroughTheRouter() throws IOException {
    Path router = model.router(directory.resolve("router.safetensors"));

    Path out = logits(router.toString(), "--top-k", "2", "--temperature", "0.1");

    assertSame(out, new Routing.TopK(RouterWeights.read(router), 2, 0.1));
  }

  @Test
  void shouldRouteAsTheRoutersPolicySaysUnlessToldOtherwise() throws IOException {
    Path plain = model.router(directory.resolve("plain.safetensors"));
    Path router = directory.resolve("router.safetensors");
    RouterWeights weights = withPolicy(RouterWeights.read(plain), "smoothing=0.8,below=0.5");
    weights.write(router);

    Path itsOwn = logits(router.toString());
    assertSame(itsOwn, new Routing.TopK(weights, RoutingPolicy.parse("smoothing=0.8,below=0.5")));
    Path paper = logits(router.toString(), "--policy", "paper");
    assertSame(paper, new Routing.TopK(weights, 1, 1));
    Path given = logits(router.toString(), "--policy", "above=1,top-k=3", "--top-k", "2");
    assertSame(given, new Routing.TopK(weights, RoutingPolicy.parse("above=1,top-k=2")));
    Path smoothed = logits(plain.toString(), "--smoothing", "0.9");
    assertSame(smoothed, new Routing.TopK(weights, RoutingPolicy.parse("smoothing=0.9")));
  }

  private static RouterWeights withPolicy(RouterWeights router, String policy) {
    List<float[]> weights = new ArrayList<>();
    List<float[]> biases = new ArrayList<>();
    for (int layer = 0; layer < router.layers(); layer++) {
      weights.add(router.weight(layer));
      biases.add(router.bias(layer));
    }
    Map<String, String> metadata = new HashMap<>(router.metadata());
    metadata.put(RouterWeights.POLICY, policy);
    return new RouterWeights(weights, biases, metadata);
  }

  @ParameterizedTest
  @CsvSource({"average,", "oracle:code,2"})
  void shouldRouteWithoutAFile(String router, Integer expert) throws IOException {
    Path out = logits(router);

    assertSame(out, expert == null ? new Routing.Average() : new Routing.Oracle(expert));
  }

  @Test
  void shouldDrawRandomExpertsForASequenceByItsPlaceInTheFile() throws IOException {
    Path out = logits("random", "--seed", "9");

    assertSame(out, new Routing.UniformRandom(9));
  }

  @Test
  void shouldNameTheExpertsThereAreWhenAskedForAnother() throws IOException {
    CommandRun run = new CommandRun();

    int status = run.execute(arguments("oracle:law"));

    assertThat(status).isEqualTo(ExitCode.FAILURE);
    assertThat(run.err()).contains("oracle:law", "novel", "scripture");
    assertThat(directory.resolve("logits.safetensors")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}|not a JSON array of arrays",
        "[[1], []]|sequence 1 is empty",
        "null|it is no array",
        "[[1.9]]|sequence 0, position 0 is 1.9",
        "[[1, null]]|sequence 0, position 1 is null",
        "[['12']]|not a JSON array of arrays",
        "[[4294967296]]|position 0 is 4294967296",
        "[[1]] [[2]]|not a JSON array of arrays",
        "[[99999]]|99999"
      })
  void shouldRefuseIdsThatAreNone(String ids, String reason) throws IOException {
    String[] arguments = arguments("average");
    Files.writeString(directory.resolve("ids.json"), ids);
    CommandRun run = new CommandRun();

    int status = run.execute(arguments);

    assertThat(status).isEqualTo(ExitCode.FAILURE);
    assertThat(run.err()).contains(reason).doesNotContain("fault of dume");
  }

  private Path logits(String router, String... more) throws IOException {
    String[] first = arguments(router);
    String[] all = java.util.Arrays.copyOf(first, first.length + more.length);
    System.arraycopy(more, 0, all, first.length, more.length);
    CommandRun run = new CommandRun();
    assertThat(run.execute(all)).as(run.err()).isZero();
    return directory.resolve("logits.safetensors");
  }

  private String[] arguments(String router) throws IOException {
    Path ids = Files.writeString(directory.resolve("ids.json"), "[[5, 300, 77], [2047]]");
    return new String[] {
      "logits",
      "--model",
      model.merged(),
      "--router",
      router,
      "--ids",
      ids.toString(),
      "--out",
      directory.resolve("logits.safetensors").toString(),
      "--device",
      "cpu"
    };
  }

  private static void assertSame(Path out, Routing routing) throws IOException {
    try (Safetensors written = Safetensors.open(out);
        MixtureModel mixture = MixtureModel.load(Path.of(model.merged()), Device.CPU)) {
      assertThat(written.names()).containsExactlyInAnyOrder("logits.0", "logits.1");
      assertThat(written.spec("logits.0").shape()).containsExactly(3L, 2048L);
      assertThat(written.readFloats("logits.0")).isEqualTo(mixture.logits(FIRST, routing));
      Routing ofSecond =
          routing instanceof Routing.UniformRandom random
              ? new Routing.UniformRandom(random.seed(), 1)
              : routing;
      assertThat(written.readFloats("logits.1")).isEqualTo(mixture.logits(SECOND, ofSecond));
    }
  }
}
