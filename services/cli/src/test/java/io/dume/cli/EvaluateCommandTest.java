package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dume.models.MergedManifest;
import io.dume.schemas.message.Expert;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EvaluateCommandTest {

  @TempDir private static Path shared;
  private static DemoModel model;
  private static Path text;

  @TempDir private Path directory;

  @BeforeAll
  static void makeModel() throws IOException {
    model = DemoModel.make(shared);
    text = model.testText(shared.resolve("test.jsonl"), 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"average", "random", "oracle", "FILE"})
  void shouldWritePerplexityAndTokensOfEachDomain(String router) throws IOException {
    String chosen =
        router.equals("FILE") ? model.router(directory.resolve("r.safetensors")) + "" : router;

    JsonNode judged = judge("--router", chosen, "--jsonl", text.toString());

    assertThat(judged.fieldNames())
        .toIterable()
        .containsExactly("novel", "politics", "code", "math", "scripture");
    assertThat(judged)
        .allSatisfy(
            domain -> {
              assertThat(domain.fieldNames()).toIterable().containsExactly("perplexity", "tokens");
              assertThat(domain.get("perplexity").doubleValue()).isBetween(1.0, 2048.0);
              assertThat(domain.get("tokens").isIntegralNumber()).isTrue();
              assertThat(domain.get("tokens").longValue()).isPositive();
            });
  }

  @Test
  void shouldGiveTheOracleWhatTheDenseExpertHasWhereOnlyMlpsDiffer() throws IOException {
    JsonNode oracle = judge("--router", "oracle", "--jsonl", text.toString());

    JsonNode dense =
        judge("--dense", "math", "--expert", model.expert("math"), "--jsonl", text.toString());

    assertThat(dense.at("/math/perplexity").doubleValue())
        .isCloseTo(
            oracle.at("/math/perplexity").doubleValue(),
            org.assertj.core.data.Percentage.withPercentage(0.1));
    assertThat(dense.at("/novel/perplexity").doubleValue())
        .isGreaterThan(oracle.at("/novel/perplexity").doubleValue());
  }

  @Test
  void shouldPredictAllButTheFirstTokenOfEachWindow() throws IOException {
    // Given a document whose tokens and end-of-text token fill windows of 4, and one more
    String document = DemoModel.document("math", "1", "aaaaaaaa zzzzzzzz qqqqqqqq");
    Path file = Files.writeString(directory.resolve("one.jsonl"), document + "\n");

    // When it is read in windows of any length
    long whole = tokens(judge("--router", "average", "--jsonl", file.toString()));
    long ofFour = tokens(judge("--router", "average", "--context", "4", "--jsonl", "" + file));

    // Then every window costs one token
    long all = whole + 1;
    assertThat(ofFour).isEqualTo(all - (all + 3) / 4);
  }

  @Test
  void shouldSetAsideWhatCannotBeReadAndSayWhy() throws IOException {
    List<String> lines = new ArrayList<>(Files.readAllLines(text));
    lines.add(DemoModel.document("math", "empty", ""));
    lines.add("no json");
    Path file = Files.write(directory.resolve("mixed.jsonl"), lines);
    CommandRun run = new CommandRun();

    int status =
        run.execute(
            "evaluate", "--model", model.merged(), "--router", "average", "--jsonl", "" + file);

    assertThat(status).isEqualTo(ExitCode.SET_ASIDE);
    assertThat(run.err())
        .contains(
            "set aside: " + file + ": document 6, of math: empty-text: the text has no tokens")
        .contains("malformed-line");
    assertThat(run.out()).contains("novel", "scripture").doesNotContain("NaN");
  }

  @Test
  void shouldLeaveOutADomainOfWhichNothingCanBePredicted() throws IOException {
    List<String> lines = new ArrayList<>(Files.readAllLines(text));
    lines.add(DemoModel.document("law", "empty", ""));
    Path file = Files.write(directory.resolve("law.jsonl"), lines);
    Path out = directory.resolve("out.json");
    CommandRun run = new CommandRun();

    int status =
        run.execute(
            "evaluate",
            "--model",
            model.merged(),
            "--router",
            "average",
            "--jsonl",
            file.toString(),
            "--out",
            out.toString());

    assertThat(status).isEqualTo(ExitCode.SET_ASIDE);
    assertThat(run.err()).contains("domain law is left out: it has nothing to predict");
    assertThat(new ObjectMapper().readTree(out.toFile()).has("law")).isFalse();
  }

  @Test
  void shouldFailWhereNothingAtAllCanBePredicted() throws IOException {
    Path file = directory.resolve("empty.jsonl");
    Files.writeString(file, DemoModel.document("math", "empty", "") + "\n");
    CommandRun run = new CommandRun();

    int status =
        run.execute(
            "evaluate", "--model", model.merged(), "--router", "average", "--jsonl", "" + file);

    assertThat(status).isEqualTo(ExitCode.FAILURE);
    assertThat(run.err()).contains("empty-text", "no document has anything to predict");
    assertThat(run.out()).isEmpty();
  }

  @Test
  void shouldAskForOneWayToJudge() {
    CommandRun run = new CommandRun();

    int status = run.execute("evaluate", "--model", model.merged(), "--jsonl", text.toString());

    assertThat(status).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("one of --router, --dense NAME, --follow");
  }

  @Test
  void shouldAskWhereADenseExpertIs() {
    CommandRun run = new CommandRun();

    int status =
        run.execute("evaluate", "--model", model.merged(), "--dense", "math", "--jsonl", "" + text);

    assertThat(status).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("--expert math=DIR");
  }

  @Test
  void shouldRefuseToChooseAPolicyOnTheTextThatItJudgesBy() throws IOException {
    Path copy = Files.copy(text, directory.resolve("copy.jsonl"));
    for (Path same : List.of(text, copy)) {
      CommandRun run = new CommandRun();

      int status =
          run.execute(
              "evaluate",
              "--model",
              model.merged(),
              "--follow",
              "--jsonl",
              "" + text,
              "--choose-policy",
              "" + same);

      assertThat(status).isEqualTo(ExitCode.FAILURE);
      assertThat(run.err()).contains("--choose-policy " + same, "give it text of its own");
    }
  }

  @Test
  void shouldChooseAPolicyOnlyWhileItFollows() {
    CommandRun run = new CommandRun();
    CommandRun margin = new CommandRun();
    String[] judged = {"evaluate", "--model", model.merged(), "--jsonl", "" + text};
    List<String> without = new ArrayList<>(List.of(judged));
    without.addAll(List.of("--router", "average", "--choose-policy", "other.jsonl"));
    List<String> negative = new ArrayList<>(List.of(judged));
    negative.addAll(
        List.of("--follow", "--choose-policy", "" + shared.resolve("merged/config.json")));
    negative.addAll(List.of("--policy-margin", "-1"));

    assertThat(run.execute(without.toArray(String[]::new))).isEqualTo(ExitCode.USAGE);
    assertThat(margin.execute(negative.toArray(String[]::new))).isEqualTo(ExitCode.USAGE);

    assertThat(run.err()).contains("--choose-policy needs --follow", "dume policy choose");
    assertThat(margin.err()).contains("margin of the policy = -1.0");
  }

  @Test
  void shouldSayWhatCanNotBeFollowedBeforeItWaitsForAVersion() throws IOException {
    Path other = model.validationText(directory.resolve("validation.jsonl"), 1);
    Path empty =
        Files.writeString(
            directory.resolve("empty.jsonl"), DemoModel.document("math", "empty", "") + "\n");

    assertThat(following(ExitCode.USAGE, "--context-dim", "100000"))
        .contains("--context-dim 100000", "the 256 that the model allows");
    assertThat(following(ExitCode.USAGE, "--context-dim", "1")).contains("--context-dim 1: from 2");
    assertThat(following(ExitCode.USAGE, "--top-k", "0")).contains("top-k = 0");
    assertThat(following(ExitCode.USAGE, "--policy", "loud")).contains("loud");
    assertThat(following(ExitCode.USAGE, "--policy-tokens", "10"))
        .contains("--policy-tokens is for --choose-policy FILE");
    assertThat(following(ExitCode.USAGE, "--policy-margin", "0.1"))
        .contains("--policy-margin is for --choose-policy FILE");
    assertThat(following(ExitCode.USAGE, "--choose-policy", "" + other, "--policy-tokens", "0"))
        .contains("--policy-tokens 0: at least 1");
    assertThat(following(ExitCode.FAILURE, "--choose-policy", "" + empty))
        .contains("empty.jsonl", "no document has anything to predict");
  }

  private static String following(int status, String... more) {
    // Nobody listens there: whoever got as far as that would fail with another message.
    List<String> all =
        new ArrayList<>(List.of("evaluate", "--model", model.merged(), "--follow", "--jsonl"));
    all.addAll(List.of("" + text, "--bootstrap-servers", "localhost:1"));
    all.addAll(List.of(more));
    CommandRun run = new CommandRun();
    assertThat(run.execute(all.toArray(String[]::new))).as(run.err()).isEqualTo(status);
    return run.err();
  }

  private JsonNode judge(String... arguments) throws IOException {
    Path out = directory.resolve("judged.json");
    List<String> all = new ArrayList<>(List.of("evaluate", "--model", model.merged()));
    all.addAll(List.of(arguments));
    all.addAll(List.of("--out", out.toString()));
    CommandRun run = new CommandRun();
    assertThat(run.execute(all.toArray(String[]::new))).as(run.err()).isZero();
    return new ObjectMapper().readTree(out.toFile());
  }

  private static long tokens(JsonNode judged) {
    return judged.at("/math/tokens").longValue();
  }

  @Test
  void shouldTellAnExpertThatTheModelLacksOrHasWithOtherMlps() {
    String mlp = "0".repeat(64);
    MergedManifest model =
        new MergedManifest(List.of(new MergedManifest.Expert("math", mlp, true)), "1".repeat(64));

    assertThat(VersionFit.missing(List.of(new Expert("math", mlp)), model)).isEmpty();
    assertThat(VersionFit.missing(List.of(new Expert("law", mlp)), model)).contains("law");
    assertThat(VersionFit.missing(List.of(new Expert("math", "2".repeat(64))), model))
        .contains("math");
  }
}
