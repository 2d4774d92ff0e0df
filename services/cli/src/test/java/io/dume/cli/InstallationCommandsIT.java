package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dume.models.RouterWeights;
import io.dume.router.Router;
import io.dume.router.RouterSubscription;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.Training;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The commands about text and versions, one after the other against one {@code dume up}. */
@Timeout(180)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class InstallationCommandsIT {

  private static final Pattern ADDRESS = Pattern.compile("bootstrap servers: (\\S+)");

  @TempDir private static Path directory;
  private static final ExecutorService EXECUTOR = Executors.newSingleThreadExecutor();
  private static final ExecutorService WRITER = Executors.newSingleThreadExecutor();
  private static final CommandRun UP = new CommandRun();
  private static Future<Integer> up;
  private static DemoModel model;
  private static String server;

  @BeforeAll
  static void start() throws Exception {
    model = DemoModel.make(directory);
    up =
        EXECUTOR.submit(
            () ->
                UP.execute(
                    "up",
                    "--data",
                    directory.resolve("data").toString(),
                    "--model",
                    model.merged(),
                    "--port",
                    "0",
                    "--cut-tokens",
                    "1000000000",
                    "--cut-interval",
                    "1d"));
    await()
        .atMost(Duration.ofSeconds(90))
        .untilAsserted(() -> assertThat(UP.out()).as(UP.err()).containsPattern(ADDRESS));
    Matcher address = ADDRESS.matcher(UP.out());
    assertThat(address.find()).isTrue();
    server = address.group(1);
  }

  @AfterAll
  static void stop() throws Exception {
    UP.stop().request();
    try {
      assertThat(up.get(60, TimeUnit.SECONDS)).as(UP.err()).isZero();
    } finally {
      EXECUTOR.shutdownNow();
      WRITER.shutdownNow();
    }
  }

  @Test
  @Order(1)
  void shouldSayThatThereIsNoVersionYet() {
    CommandRun versions = run("versions");
    CommandRun export = new CommandRun();

    int status = export.execute(with("router", "export", "--out", "unused.safetensors"));

    assertThat(versions.out()).isEmpty();
    assertThat(versions.err()).contains("router default has no version yet");
    assertThat(status).isEqualTo(ExitCode.FAILURE);
    assertThat(export.err()).contains("router default has no version yet");
  }

  @Test
  @Order(2)
  void shouldSayWhyACutGaveNoVersion() {
    CommandRun solve = new CommandRun();

    int status = solve.execute(with("solve", "--timeout", "60s"));

    assertThat(status).isEqualTo(ExitCode.FAILURE);
    // The reason depends on whether the accumulator knows of the experts yet.
    assertThat(solve.out()).startsWith("refused").contains("cut 1: ", "expert");
  }

  @Test
  @Order(3)
  void shouldFeedWhatItCanAndListWhatItCannot() throws IOException {
    Path text = model.testText(directory.resolve("feed.jsonl"), 2);
    List<String> lines = new ArrayList<>(Files.readAllLines(text));
    lines.add(DemoModel.document("law", "1", "a domain nobody knows"));
    lines.add(DemoModel.document("math", "1", ""));
    Files.write(text, lines);
    CommandRun feed = new CommandRun();

    int status = feed.execute(with("feed", "--model", model.merged(), "--jsonl", "" + text));

    assertThat(status).isEqualTo(ExitCode.SET_ASIDE);
    assertThat(feed.err())
        .contains("10 documents", "2 set aside", "feed.jsonl")
        .contains("unknown-domain", "empty-text");
  }

  @Test
  @Order(4)
  void shouldSolveAndListTheVersion() throws IOException {
    CommandRun solve = run("solve", "--timeout", "60s");

    CommandRun listed = run("versions");
    CommandRun json = run("versions", "--json");

    assertThat(solve.out()).startsWith("version 1 ");
    assertThat(listed.out().lines()).hasSize(2).last().isEqualTo(solve.out().strip());
    assertThat(listed.out()).startsWith("refused").contains("novel=", "scripture=");
    JsonNode version = new ObjectMapper().readTree(lastLine(json.out()));
    assertThat(version.get("version").longValue()).isEqualTo(1);
    assertThat(version.get("experts")).hasSize(5);
    assertThat(version.get("layers")).hasSize(DemoModel.LAYERS);
    assertThat(version.at("/domains/0/tokens").longValue()).isPositive();
    assertThat(version.at("/fit/contextDim").intValue()).isEqualTo(256);
  }

  @Test
  @Order(5)
  void shouldExportAVersionThatTheEvaluatorTakes() throws IOException {
    Path file = directory.resolve("router.safetensors");
    Path text = model.testText(directory.resolve("judge.jsonl"), 1);

    CommandRun export = run("router", "export", "--version", "1", "--out", file.toString());

    assertThat(export.err()).contains("version 1 of router default written to " + file);
    RouterWeights router = RouterWeights.read(file);
    assertThat(router.experts()).isEqualTo(5);
    assertThat(router.hiddenSize()).isEqualTo(DemoModel.WIDTH);
    assertThat(router.metadata())
        .containsEntry("version", "1")
        .containsEntry("experts", "novel,politics,code,math,scripture")
        .containsEntry("context_dim", "256")
        .containsEntry("intercept", "true");
    CommandRun judge = new CommandRun();
    assertThat(
            judge.execute(
                "evaluate", "--model", model.merged(), "--router", "" + file, "--jsonl", "" + text))
        .isZero();
    assertThat(judge.out().lines()).hasSize(6);
  }

  @Test
  @Order(5)
  void shouldExportTheWholeMixtureOfTheNewestVersion() throws IOException {
    Path out = directory.resolve("mixture");

    CommandRun export = run("export", "--model", model.merged(), "--out", out.toString());

    // Its gates have intercepts.
    assertThat(export.err()).contains("5 experts, layout dume, float32");
    JsonNode config = new ObjectMapper().readTree(out.resolve("config.json").toFile());
    assertThat(config.at("/dume/version").asText()).isEqualTo("1");
    assertThat(config.at("/dume/experts").asText()).isEqualTo("novel,politics,code,math,scripture");
  }

  @Test
  @Order(6)
  void shouldNameTheVersionThatDoesNotExist() {
    CommandRun export = new CommandRun();

    int status =
        export.execute(with("router", "export", "--version", "9", "--out", "unused.safetensors"));

    assertThat(status).isEqualTo(ExitCode.FAILURE);
    assertThat(export.err()).contains("router default has no version 9");
    Path out = directory.resolve("unused");
    CommandRun whole = new CommandRun();
    assertThat(
            whole.execute(
                with("export", "--model", model.merged(), "--version", "9", "--out", "" + out)))
        .isEqualTo(ExitCode.FAILURE);
    assertThat(whole.err()).contains("router default has no version 9");
    assertThat(out).doesNotExist();
  }

  @Test
  @Order(7)
  void shouldListWhatCouldNotBeCounted() throws Exception {
    KafkaSettings kafka = KafkaSettings.of(server);
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            kafka.producer(Map.of()), new ByteArraySerializer(), new ByteArraySerializer())) {
      byte[] garbage = "no Avro at all".getBytes(StandardCharsets.UTF_8);
      producer.send(new ProducerRecord<>(Topics.DEFAULT.tokenBatches(), 0, null, garbage)).get();
    }
    run("solve", "--timeout", "60s");

    CommandRun lines = run("dead-letters");
    CommandRun json = run("dead-letters", "--json");
    CommandRun none = run("dead-letters", "--reason", "no-such-reason");

    assertThat(lines.err()).contains("1 dead letters");
    assertThat(lines.out()).contains(Topics.DEFAULT.tokenBatches() + "/0@");
    JsonNode letter = new ObjectMapper().readTree(json.out());
    assertThat(letter.get("sourceTopic").textValue()).isEqualTo(Topics.DEFAULT.tokenBatches());
    assertThat(letter.get("reason").textValue()).isNotBlank();
    assertThat(letter.get("bytes").intValue()).isEqualTo("no Avro at all".length());
    assertThat(none.out()).isEmpty();
  }

  @Test
  @Order(8)
  void shouldWriteEachTextWithTheNewestVersion() throws Exception {
    CommandRun generate = new CommandRun();
    Future<Integer> ended;
    try (PipedOutputStream prompts = new PipedOutputStream();
        PipedInputStream in = new PipedInputStream(prompts)) {
      String[] arguments =
          with(
              "generate",
              "--model",
              model.merged(),
              "--follow",
              "--prompts",
              "-",
              "--json",
              "--explain",
              "--max-tokens",
              "8");
      ended = WRITER.submit(() -> generate.reading(in).execute(arguments));
      JsonNode first = answer(generate, prompts, "In the beginning", 1);
      run("policy", "set", "smoothing=0.9");
      String solved = lastLine(run("solve", "--timeout", "60s").out());
      long second = Long.parseLong(solved.split(" ")[1]);

      // The subscription may need a moment for what came meanwhile.
      AtomicInteger asked = new AtomicInteger(1);
      JsonNode[] last = {first};
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(
              () -> {
                last[0] = answer(generate, prompts, "And then", asked.incrementAndGet());
                assertThat(last[0].get("version").longValue()).isEqualTo(second);
              });

      assertThat(first.get("version").longValue()).isLessThan(second);
      assertThat(first.get("tokens").intValue()).isPositive();
      assertThat(first.get("experts")).hasSize(5);
      assertThat(generate.err()).contains("router version " + second);
    }
    assertThat(ended.get(60, TimeUnit.SECONDS)).as(generate.err()).isZero();
  }

  @Test
  @Order(9)
  void shouldCarryTheChosenPolicyToWhoeverTakesTheRouter() throws IOException {
    Path validation = model.testText(directory.resolve("validation.jsonl"), 1);
    Path file = directory.resolve("remembering.safetensors");

    CommandRun choose =
        run(
            "policy",
            "choose",
            "--model",
            model.merged(),
            "--jsonl",
            "" + validation,
            "--tokens-per-domain",
            "300");
    String chosen = run("policy", "show").out().strip();
    run("solve", "--timeout", "60s");
    run("router", "export", "--out", "" + file);

    assertThat(choose.out()).contains("smoothing=0.95", "above=1", "chosen: " + chosen);
    assertThat(RouterWeights.read(file).metadata()).containsEntry("routing_policy", chosen);
    assertThat(run("versions", "show").out()).contains("routed " + chosen);
  }

  @Test
  @Order(10)
  void shouldChooseThePolicyOnceWhileItFollows() throws Exception {
    Path judged = model.testText(directory.resolve("judged.jsonl"), 1);
    Path validation = model.validationText(directory.resolve("choose.jsonl"), 2);
    run("policy", "set", "paper");
    run("solve", "--timeout", "60s");
    CommandRun evaluate = new CommandRun();
    String[] arguments =
        with(
            "evaluate",
            "--follow",
            "--model",
            model.merged(),
            "--jsonl",
            "" + judged,
            "--tokens-per-domain",
            "100",
            "--choose-policy",
            "" + validation,
            "--policy-tokens",
            "300");
    Future<Integer> ended = WRITER.submit(() -> evaluate.execute(arguments));

    // When it has judged a version of the paper's policy, then one comes that remembers
    row(evaluate, "version \\d+ .* by top-k=1,temperature=1,smoothing=0,below=0,above=0");
    row(evaluate, "version \\d+ .* by top-k=1,temperature=1,smoothing=0\\.\\d+,.*");
    // Nor does it choose again for the same gates, also not against who sets one by hand.
    run("policy", "set", "top-k=9,temperature=2");
    run("solve", "--timeout", "60s");
    row(evaluate, "version \\d+ .* by top-k=5,temperature=2,smoothing=0,below=0,above=0");

    evaluate.stop().request();
    assertThat(ended.get(60, TimeUnit.SECONDS)).as(evaluate.err()).isZero();
    assertThat(evaluate.out().lines()).hasSize(3);
    assertThat(evaluate.err()).containsOnlyOnce("is chosen: ");
    assertThat(run("policy", "show").err()).contains("set by hand");
  }

  private static void row(CommandRun run, String pattern) {
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> assertThat(run.out()).as(run.err()).containsPattern(pattern));
  }

  @Test
  @Order(11)
  void shouldTellFromTheStatisticsAloneWhatTheGatesTellApart() throws IOException {
    Path text = model.testText(directory.resolve("more.jsonl"), 3);
    run("feed", "--model", model.merged(), "--jsonl", "" + text);
    run("solve", "--timeout", "60s");

    CommandRun page = run("inspect", "--layer", "0");
    CommandRun json = run("inspect", "--json", "--pictures", directory.resolve("maps").toString());

    assertThat(page.out()).contains("layer 0", "novel", "since version", "degrees");
    assertThat(directory.resolve("maps"))
        .isDirectoryContaining("glob:**confusion.svg")
        .isDirectoryContaining("glob:**distances.png");
    JsonNode inspection = new ObjectMapper().readTree(json.out());
    assertThat(inspection.get("layers")).hasSize(DemoModel.LAYERS);
    assertThat(inspection.at("/layers/0/distances/0/1").doubleValue()).isPositive();
    double shares = 0;
    for (JsonNode share : inspection.at("/layers/0/confusion/2")) {
      shares += share.doubleValue();
    }
    assertThat(shares).isBetween(0.999, 1.001);
    assertThat(inspection.get("drift")).hasSize(5);
    assertThat(inspection.at("/drift/0/tokens").longValue()).isPositive();
    assertThat(inspection.get("gates")).hasSize(5);
  }

  @Test
  @Order(12)
  void shouldPublishTrainedGatesAsAVersionLikeAnyOther() throws Exception {
    Path solved = directory.resolve("solved.safetensors");
    Path trained = directory.resolve("trained.safetensors");
    Path exported = directory.resolve("exported.safetensors");
    run("router", "export", "--out", "" + solved);
    RouterWeights before = RouterWeights.read(solved);
    long start = Long.parseLong(before.metadata().get("version"));
    Path text = model.testText(directory.resolve("learn.jsonl"), 1);
    CommandRun train = new CommandRun();
    assertThat(
            train.execute(
                "router",
                "train",
                "--model",
                model.merged(),
                "--router",
                "" + solved,
                "--jsonl",
                "" + text,
                "--steps",
                "2",
                "--batch",
                "1",
                "--out",
                "" + trained))
        .as(train.err())
        .isZero();
    try (RouterSubscription versions =
        RouterSubscription.open(KafkaSettings.of(server), Topics.DEFAULT, "default")) {
      assertThat(versions.next(Duration.ofSeconds(30)).orElseThrow().version()).isEqualTo(start);

      CommandRun publish = run("router", "publish", "" + trained);

      assertThat(publish.out())
          .startsWith(
              "version %d of router default published: trained from version %d: 2 steps"
                  .formatted(start + 1, start));
      Router received = versions.next(Duration.ofSeconds(30)).orElseThrow();
      assertThat(received.version()).isEqualTo(start + 1);
      assertThat(received.description().getTraining()).isPresent();
      for (int layer = 0; layer < DemoModel.LAYERS; layer++) {
        assertThat(received.weight(layer))
            .isEqualTo(RouterWeights.read(trained).weight(layer))
            .isNotEqualTo(before.weight(layer));
      }
    }
    run("router", "export", "--out", "" + exported);
    assertThat(RouterWeights.read(exported).metadata())
        .containsEntry("version", "" + (start + 1))
        .containsEntry(
            "routing_policy", RouterWeights.read(trained).metadata().get("routing_policy"))
        .containsEntry(
            "training",
            TrainingRecord.json(
                TrainingRecord.parse(
                    "trained", RouterWeights.read(trained).metadata().get("training"))));
    assertThat(lastLine(run("versions").out())).contains("trained from version " + start);
    assertThat(run("versions", "show").out()).contains("the gates were trained");
    run("policy", "set", "smoothing=0.5");
    assertThat(run("policy", "show").err())
        .contains("version %d, the newest, is routed".formatted(start + 1), "as it was trained");
    assertThat(run("solve", "--timeout", "60s").out())
        .startsWith("version %d ".formatted(start + 2))
        .contains("residual");
  }

  @Test
  @Order(13)
  void shouldSayWhyAFileIsNoneToPublish() throws IOException {
    Path solved = directory.resolve("solved.safetensors");
    Path other = directory.resolve("other.safetensors");
    startingAt(99, "ab".repeat(32), RouterWeights.read(solved)).write(other);
    Path elsewhere = directory.resolve("elsewhere.safetensors");
    startingAt(1, "ab".repeat(32), RouterWeights.read(solved)).write(elsewhere);

    assertThat(failing("router", "publish", "" + solved).err())
        .contains(solved + " does not say how its gates were trained", "dume router train");
    assertThat(failing("router", "publish", "" + other).err())
        .contains("router default has no version 99, which the gates were trained from");
    assertThat(failing("router", "publish", "" + elsewhere).err())
        .contains("trained from gates of sha256 abab", "version 1 has ");
    assertThat(failing("router", "publish", "" + other, "--router-name", "mine").err())
        .contains("give --router-name default");
  }

  private static RouterWeights startingAt(long version, String sha256, RouterWeights router) {
    Map<String, String> metadata = new HashMap<>(router.metadata());
    String training = TrainingRecord.json(new Training(version, 1, 1e-4, 0.0, 5L, 0L));
    metadata.put(
        TrainingRecord.KEY, "{\"start_sha256\":\"" + sha256 + "\"," + training.substring(1));
    return new RouterWeights(
        IntStream.range(0, router.layers()).mapToObj(router::weight).toList(),
        IntStream.range(0, router.layers()).mapToObj(router::bias).toList(),
        metadata);
  }

  private static CommandRun failing(String... arguments) {
    CommandRun run = new CommandRun();
    assertThat(run.execute(with(arguments))).isEqualTo(ExitCode.FAILURE);
    return run;
  }

  /** A second router beside the first, of the same text, for texts and not for layers. */
  @Test
  @Order(13)
  void shouldRouteTextsByARouterOfTokenEmbeddingsBesideTheOther() throws Exception {
    String[] named = {"--router-name", "texts"};
    Path text = model.testText(directory.resolve("route.jsonl"), 2);
    CommandRun worker = new CommandRun();
    CommandRun solver = new CommandRun();
    ExecutorService services = Executors.newFixedThreadPool(2);
    try {
      Future<Integer> working =
          services.submit(
              () ->
                  worker.execute(
                      with(
                          named,
                          "feature-extractor",
                          "--model",
                          model.merged(),
                          "--instance",
                          "texts-0",
                          "--features",
                          "embedding")));
      Future<Integer> solving = services.submit(() -> solver.execute(with(named, "solver")));
      CommandRun solve = new CommandRun();
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> solve.execute(with(named, "solve", "--timeout", "60s")) == ExitCode.OK);

      String[] texts = {"--model", model.merged(), "--jsonl", "" + text, "--json"};
      CommandRun ofTokens = new CommandRun();
      int status = ofTokens.execute(with(named, concat("route", "--follow", texts)));
      CommandRun ofLayers = run(concat("route", "--follow", texts));
      CommandRun replay = new CommandRun();
      int replayed =
          replay.execute(
              with(named, "replay", "--model", model.merged(), "--features", "mlp-input"));
      CommandRun generate = new CommandRun();
      Future<Integer> waiting =
          WRITER.submit(
              () ->
                  generate.execute(
                      with(
                          named,
                          "generate",
                          "--model",
                          model.merged(),
                          "--follow",
                          "--prompt",
                          "a")));
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(
              () ->
                  assertThat(generate.err())
                      .contains("router texts is solved from embedding features"));
      CommandRun stranger = new CommandRun();
      int joined =
          stranger.execute(
              with(
                  "feature-extractor",
                  "--model",
                  model.merged(),
                  "--instance",
                  "stranger",
                  "--features",
                  "embedding"));
      generate.stop().request();
      worker.stop().request();
      solver.stop().request();

      assertThat(status).as(ofTokens.err()).isZero();
      JsonNode report = new ObjectMapper().readTree(lastLine(ofTokens.out()));
      assertThat(report.get("texts").intValue()).isEqualTo(10);
      assertThat(report.get("accuracy").doubleValue()).isGreaterThan(0.7);
      JsonNode first = new ObjectMapper().readTree(ofTokens.out().lines().findFirst().get());
      assertThat(first.get("votes").longValue()).isEqualTo(first.get("tokens").longValue());
      JsonNode layers = new ObjectMapper().readTree(ofLayers.out().lines().findFirst().get());
      assertThat(layers.get("votes").longValue())
          .isEqualTo(DemoModel.LAYERS * first.get("tokens").longValue());
      assertThat(replayed).isEqualTo(ExitCode.FAILURE);
      assertThat(replay.err())
          .contains("router texts is solved from embedding", "--router-name texts-mlp-input");
      assertThat(joined).isEqualTo(ExitCode.FAILURE);
      assertThat(stranger.err())
          .contains("feature source: mlp-input in the fit, embedding here")
          .doesNotContain("fault of dume");
      assertThat(run("versions", "show", "--router-name", "texts").out())
          .contains("of token embeddings: for whole texts");
      assertThat(waiting.get(60, TimeUnit.SECONDS)).as(generate.err()).isZero();
      assertThat(working.get(60, TimeUnit.SECONDS)).as(worker.err()).isZero();
      assertThat(solving.get(60, TimeUnit.SECONDS)).as(solver.err()).isZero();
    } finally {
      services.shutdownNow();
    }
  }

  private static String[] concat(String first, String second, String... more) {
    List<String> all = new ArrayList<>(List.of(first, second));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  private static String[] with(String[] more, String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of(more));
    return with(all.toArray(String[]::new));
  }

  private static JsonNode answer(
      CommandRun generate, PipedOutputStream prompts, String prompt, int number)
      throws IOException {
    prompts.write((prompt + "\n").getBytes(StandardCharsets.UTF_8));
    prompts.flush();
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> assertThat(generate.out().lines()).as(generate.err()).hasSize(number));
    JsonNode answer = new ObjectMapper().readTree(lastLine(generate.out()));
    assertThat(answer.get("prompt").textValue()).isEqualTo(prompt);
    return answer;
  }

  /** The refusal of the cut before is a line too. */
  private static String lastLine(String text) {
    List<String> lines = text.lines().toList();
    return lines.get(lines.size() - 1);
  }

  private static CommandRun run(String... arguments) {
    CommandRun run = new CommandRun();
    int status = run.execute(with(arguments));
    assertThat(status).as(run.err()).isZero();
    return run;
  }

  private static String[] with(String... arguments) {
    String[] all = Arrays.copyOf(arguments, arguments.length + 2);
    all[arguments.length] = "--bootstrap-servers";
    all[arguments.length + 1] = server;
    return all;
  }
}
