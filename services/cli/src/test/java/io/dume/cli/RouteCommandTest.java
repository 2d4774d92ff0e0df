package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dume.demo.DemoAssets;
import io.dume.models.Device;
import io.dume.models.MixtureModel;
import io.dume.models.RouterWeights;
import io.dume.models.Routing;
import io.dume.models.TextVote;
import io.dume.models.TokenEmbeddings;
import io.dume.models.TokenScores;
import io.dume.models.Tokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RouteCommandTest {

  private static final String TEXT = "And it came to pass in those days, that there went out";
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private static Path shared;
  private static DemoModel model;
  private static Path ofTokens;
  private static Path ofLayers;

  @TempDir private Path directory;

  @BeforeAll
  static void makeModel() throws IOException {
    model = DemoModel.make(shared);
    ofLayers = model.router(shared.resolve("layers.safetensors"));
    ofTokens = shared.resolve("tokens.safetensors");
    Random random = new Random(3);
    float[] weight = new float[5 * DemoModel.WIDTH];
    for (int i = 0; i < weight.length; i++) {
      weight[i] = (float) random.nextGaussian();
    }
    Map<String, String> metadata =
        Map.of("feature_source", "embedding", "experts", String.join(",", DemoAssets.DOMAINS));
    new RouterWeights(List.of(weight), List.of(new float[5]), metadata).write(ofTokens);
  }

  @Test
  void shouldReadStandardInputOnce() {
    CommandRun run = route(ExitCode.USAGE, ofTokens, "-", "--jsonl", "-");

    assertThat(run.err()).contains("standard input is read once");
  }

  private static CommandRun route(int status, Path router, String... more) {
    return route(new CommandRun(), status, router, more);
  }

  private static CommandRun route(CommandRun run, int status, Path router, String... more) {
    List<String> all = new ArrayList<>(List.of("route", "--model", model.merged()));
    all.addAll(List.of("--device", "cpu", "--router", router.toString()));
    all.addAll(List.of(more));
    assertThat(run.execute(all.toArray(String[]::new))).as(run.err()).isEqualTo(status);
    return run;
  }

  private static List<JsonNode> json(CommandRun run) throws IOException {
    List<JsonNode> read = new ArrayList<>();
    for (String line : run.out().lines().toList()) {
      read.add(JSON.readTree(line));
    }
    return read;
  }

  private static void assertSame(JsonNode node, String kind, TextVote.Result expected) {
    assertThat(node.get("expert").textValue()).isEqualTo(expected.expert());
    assertThat(node.get("votes").longValue()).isEqualTo(expected.votes());
    for (int e = 0; e < 5; e++) {
      assertThat(node.get(kind).get(expected.experts().get(e)).doubleValue())
          .isEqualTo(expected.shares().get(e));
    }
  }

  @Test
  void shouldVoteByTheTokensEmbeddings() throws IOException {
    TokenScores scores;
    try (TokenEmbeddings embeddings = TokenEmbeddings.load(Path.of(model.merged()), Device.CPU);
        Tokenizer tokenizer = Tokenizer.load(Path.of(model.merged()))) {
      scores = embeddings.scores(RouterWeights.read(ofTokens)).of(tokenizer.encode(TEXT));
    }

    CommandRun summed = route(ExitCode.OK, ofTokens, TEXT, "--json");
    String[] confident = {TEXT, "--json", "--votes", "choices", "--confident", "0.25"};
    CommandRun chosen = route(ExitCode.OK, ofTokens, confident);

    assertSame(json(summed).get(0), "scores", new TextVote(TextVote.By.SCORES, 1).of(scores));
    assertSame(json(chosen).get(0), "shares", new TextVote(TextVote.By.CHOICES, 0.25).of(scores));
    assertThat(json(summed)).hasSize(1);
    assertThat(summed.err()).contains("1 texts of " + scores.tokens() + " tokens routed");
  }

  @Test
  void shouldVoteByTheLayersOfTheMixtureInWindowsItCanRead() throws IOException {
    String text = (TEXT + " ").repeat(40);
    TokenScores scores;
    try (MixtureModel mixture = MixtureModel.load(Path.of(model.merged()), Device.CPU);
        Tokenizer tokenizer = Tokenizer.load(Path.of(model.merged()))) {
      assertThat(tokenizer.beginToken()).isEmpty();
      int[] ids = tokenizer.encode(text);
      List<int[]> windows = new ArrayList<>();
      for (int from = 0; from < ids.length; from += 256) {
        windows.add(Arrays.copyOfRange(ids, from, Math.min(ids.length, from + 256)));
      }
      assertThat(windows).hasSizeGreaterThan(1);
      scores = mixture.tokenScores(windows, new Routing.TopK(RouterWeights.read(ofLayers), 1, 1));
    }

    CommandRun run = route(ExitCode.OK, ofLayers, text, "--json", "--votes", "choices");

    TextVote.Result expected = new TextVote(TextVote.By.CHOICES, 1).of(scores);
    assertThat(expected.votes()).isEqualTo((long) DemoModel.LAYERS * scores.tokens());
    assertSame(json(run).get(0), "shares", expected);
  }

  @Test
  void shouldTellAccuracyAndConfusionOfLabelledLinesAndSetBadOnesAside() throws IOException {
    Path report = directory.resolve("report.json");
    Path file = directory.resolve("texts.jsonl");
    String expert =
        json(route(ExitCode.OK, ofTokens, TEXT, "--json")).get(0).get("expert").textValue();
    String other = expert.equals("math") ? "code" : "math";
    List<String> lines =
        List.of(
            DemoModel.document(expert, "1", TEXT),
            DemoModel.document(other, "2", TEXT),
            DemoModel.document(other, "3", TEXT),
            DemoModel.document("law", "4", TEXT),
            "{\"text\": \"" + TEXT + "\"}",
            DemoModel.document(other, "5", ""),
            "{\"domain\": \"math\"}");
    Files.write(file, lines);

    CommandRun table =
        route(ExitCode.SET_ASIDE, ofTokens, "--jsonl", "" + file, "--report", "" + report);
    CommandRun objects = route(ExitCode.SET_ASIDE, ofTokens, "--jsonl", "" + file, "--json");

    assertThat(table.out().lines().filter(line -> line.startsWith(expert + " "))).hasSize(6);
    assertThat(table.out())
        .containsPattern("domain +texts +accuracy +to novel +to politics")
        .containsPattern("(?m)^all +3 +0\\.3333 ")
        .containsPattern("(?m)^" + other + " +2 +0\\.0000 ");
    assertThat(table.err())
        .contains("domain law has no expert in this router", "its texts (1)")
        .contains("texts.jsonl:6: empty-text", "texts.jsonl:7: malformed-line");
    JsonNode written = JSON.readTree(report.toFile());
    assertThat(written.get("texts").intValue()).isEqualTo(3);
    assertThat(written.at("/domains/" + expert + "/accuracy").doubleValue()).isEqualTo(1);
    assertThat(written.at("/confusion/" + other + "/" + expert).intValue()).isEqualTo(2);
    assertThat(written.at("/confusion/" + other + "/" + other).intValue()).isZero();
    assertThat(written.at("/unknownDomains/law").intValue()).isEqualTo(1);
    List<JsonNode> read = json(objects);
    assertThat(read).hasSize(6);
    assertThat(read.get(5)).isEqualTo(written);
    assertThat(read.get(1).get("id").textValue()).isEqualTo("2");
    assertThat(read.get(4).has("domain")).isFalse();
  }

  @Test
  void shouldRouteEachPieceByItself() throws IOException {
    CommandRun whole = route(ExitCode.OK, ofTokens, TEXT, "--json");
    CommandRun pieces = route(ExitCode.OK, ofTokens, TEXT, "--json", "--pieces", "5");

    int tokens = json(whole).get(0).get("tokens").intValue();
    List<JsonNode> read = json(pieces);
    assertThat(tokens % 5).isNotZero();
    assertThat(read).hasSize(tokens / 5 + 1);
    assertThat(read).allSatisfy(piece -> assertThat(piece.get("tokens").intValue()).isEqualTo(5));
    assertThat(read.get(1).get("from").intValue()).isEqualTo(5);
    assertThat(read.get(read.size() - 1).get("from").intValue()).isEqualTo(tokens - 5);
    assertThat(pieces.err()).contains("%d pieces of 1 texts,".formatted(read.size()));
  }

  @Test
  void shouldCallPiecesPiecesWhereItCountsThem() throws IOException {
    Path file =
        Files.writeString(
            directory.resolve("long.jsonl"), DemoModel.document("math", "1", TEXT) + "\n");
    Path report = directory.resolve("pieces.json");

    CommandRun run =
        route(
            ExitCode.OK, ofTokens, "--jsonl", "" + file, "--pieces", "5", "--report", "" + report);

    JsonNode written = JSON.readTree(report.toFile());
    assertThat(written.get("pieces").intValue()).isGreaterThan(1);
    assertThat(written.at("/domains/math/pieces")).isEqualTo(written.get("pieces"));
    assertThat(written.has("texts")).isFalse();
    assertThat(run.out()).containsPattern("domain +pieces +accuracy");
  }

  @Test
  void shouldReadLinesOrJsonFromStandardInput() throws IOException {
    byte[] lines = (TEXT + "\n\n" + TEXT).getBytes(StandardCharsets.UTF_8);
    byte[] object = DemoModel.document("math", "1", TEXT).getBytes(StandardCharsets.UTF_8);

    CommandRun ofLines =
        route(
            new CommandRun().reading(new ByteArrayInputStream(lines)),
            ExitCode.OK,
            ofTokens,
            "--json",
            "-");
    CommandRun ofJson =
        route(
            new CommandRun().reading(new ByteArrayInputStream(object)),
            ExitCode.OK,
            ofTokens,
            "--json",
            "--jsonl",
            "-");

    assertThat(json(ofLines))
        .extracting(node -> node.get("where").textValue())
        .containsExactly("standard input:1", "standard input:3");
    assertThat(json(ofJson).get(0).get("domain").textValue()).isEqualTo("math");
    assertThat(json(ofJson).get(1).get("texts").intValue()).isEqualTo(1);
  }

  @Test
  void shouldSayWhatIsWrong() {
    assertThat(route(ExitCode.USAGE, ofTokens).err()).contains("say what to route");
    assertThat(route(ExitCode.USAGE, ofTokens, "a", "--follow").err())
        .contains("one of --router FILE, --follow");
    assertThat(route(ExitCode.USAGE, ofTokens, "a", "--confident", "0").err())
        .contains("confident = 0.0");
    assertThat(route(ExitCode.USAGE, ofTokens, "a", "--pieces", "0").err()).contains("--pieces 0");
    assertThat(route(ExitCode.USAGE, ofTokens, "a", "--votes", "loud").err())
        .contains("loud", "--votes");
  }

  @Test
  void shouldKeepARouterOfTokensFromTheMixture() throws IOException {
    Path ids = Files.writeString(directory.resolve("ids.json"), "[[1]]");
    Path text = model.testText(directory.resolve("text.jsonl"), 1);
    String[][] commands = {
      {"generate", "--prompt", "a"},
      {"logits", "--ids", "" + ids, "--out", "" + directory.resolve("logits")},
      {"evaluate", "--jsonl", "" + text}
    };
    for (String[] command : commands) {
      List<String> all = new ArrayList<>(List.of(command));
      all.addAll(List.of("--model", model.merged(), "--router", "" + ofTokens));
      CommandRun run = new CommandRun();

      int status = run.execute(all.toArray(String[]::new));

      assertThat(status).isEqualTo(ExitCode.FAILURE);
      assertThat(run.err())
          .contains("solved from token embeddings", "dume route")
          .doesNotContain("fault of dume");
    }
  }
}
