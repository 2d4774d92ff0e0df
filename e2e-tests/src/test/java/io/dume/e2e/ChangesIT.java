package io.dume.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dume.demo.DemoAssets;
import io.dume.demo.DemoAssets.Document;
import io.dume.demo.DemoAssets.Split;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * An installation that is changed while it runs: text comes twice, an expert joins, a domain goes
 * and comes back, a replay takes over. The tests are steps of its life, so their order counts.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ChangesIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> FIRST = List.of("novel", "code", "math");
  private static final String JOINS = "scripture";
  private static final int CHARACTERS = 3000;

  @TempDir static Path directory;

  private static Path model;
  private static Command up;
  private static String bootstrap;
  private static JsonNode first;
  private static JsonNode all;

  @BeforeAll
  static void start() throws IOException {
    DemoAssets.unpack(directory);
    model = directory.resolve("merged");
    List<Object> moerge = new ArrayList<>(List.of("moerge", "--out", model));
    for (String domain : FIRST) {
      moerge.add("--expert");
      moerge.add(domain + "=" + DemoAssets.expert(directory, domain));
    }
    succeed(Command.run(moerge.toArray()));
    up =
        Command.start(
            "up",
            "--data",
            directory.resolve("data"),
            "--model",
            model,
            "--port",
            0,
            "--context-dim",
            DemoAssets.CONTEXT_DIM,
            "--statistics-partitions",
            2,
            "--token-partitions",
            3,
            // Versions on demand alone, so that the tests know their numbers.
            "--cut-tokens",
            1_000_000_000,
            "--cut-interval",
            "1h",
            "--flush-interval",
            "1s",
            "--commit-interval",
            "1s");
    bootstrap = up.awaitOutput("bootstrap servers: (\\S+)");
  }

  @AfterAll
  static void stop() {
    up.close();
  }

  @Test
  @Order(1)
  void shouldCountOnceWhatIsFedTwice() throws IOException {
    Path text = documents("first", FIRST, 0);
    feed(text);
    first = solve();

    feed(text);
    JsonNode again = solve();

    assertThat(first.get("duplicates").asLong()).isZero();
    assertThat(again.get("duplicates").asLong()).isEqualTo(records(first)).isPositive();
    assertThat(again.get("domains")).isEqualTo(first.get("domains"));
    assertThat(again.get("sha256")).isEqualTo(first.get("sha256"));
    assertThat(succeed(run("versions", "show", 2)).out())
        .contains("the weights are the same, byte for byte", "R^2 by expert");
  }

  @Test
  @Order(2)
  void shouldLetAnExpertJoinWhileTheBackboneStays() throws IOException {
    succeed(
        run("experts", "add", JOINS + "=" + DemoAssets.expert(directory, JOINS), "--model", model));
    feed(documents("joins", List.of(JOINS), 0));

    JsonNode version = solve();

    assertThat(tokens(version)).containsAllEntriesOf(tokens(first)).containsKey(JOINS);
    assertThat(version.get("experts")).hasSize(4);
    assertThat(version.get("fit")).isEqualTo(first.get("fit"));
  }

  @Test
  @Order(3)
  void shouldGiveTheWeightsOfAFitThatNeverSawTheDomainOnceItIsRemoved() throws IOException {
    succeed(run("domains", "remove", JOINS));

    JsonNode version = solve();

    assertThat(version.get("sha256")).isEqualTo(first.get("sha256"));
    assertThat(version.get("experts")).isEqualTo(first.get("experts"));
    assertThat(version.get("domains")).isEqualTo(first.get("domains"));
  }

  @Test
  @Order(4)
  void shouldCountWhatWasSetAsideOrTakenAwayOnceItIsSentAgain() throws IOException {
    feed(documents("while-away", List.of(JOINS), 5));
    // The worker judges it before it hears that the domain is back.
    solve();
    assertThat(succeed(run("dead-letters")).out()).contains("removed-domain");
    succeed(run("domains", "add", JOINS));

    succeed(run("dead-letters", "resend", "--reason", "removed-domain"));
    JsonNode resent = solve();
    feed(documents("joins", List.of(JOINS), 0));
    all = solve();

    assertThat(tokens(resent)).containsAllEntriesOf(tokens(first));
    assertThat(tokens(resent).get(JOINS)).isPositive().isLessThan(tokens(all).get(JOINS));
    assertThat(all.get("experts")).hasSize(4);
  }

  @Test
  @Order(5)
  void shouldChooseThePenaltyByTheErrorOnHeldOutText() throws IOException {
    succeed(
        run(
            "feed",
            "--model",
            model,
            "--context-dim",
            DemoAssets.CONTEXT_DIM,
            "--held-out",
            "--jsonl",
            documents("held-out", with(FIRST, JOINS), 8)));

    Command.Result solved = succeed(run("solve", "--lambda", "auto", "--timeout", "3m"));

    JsonNode version = newest();
    assertThat(solved.out()).contains("version " + version.get("version").asLong());
    assertThat(version.get("autoLambda").asBoolean()).isTrue();
    assertThat(version.get("heldOut")).hasSize(4);
    assertThat(version.get("domains"))
        .as("held-out tokens don't count")
        .isEqualTo(all.get("domains"));
    double least = Double.MAX_VALUE;
    double chosen = Double.NaN;
    for (JsonNode point : version.get("lambdaCurve")) {
      if (point.get("error").asDouble() < least) {
        least = point.get("error").asDouble();
        chosen = point.get("lambda").asDouble();
      }
    }
    assertThat(version.get("lambda").asDouble()).isEqualTo(chosen);
  }

  @Test
  @Order(6)
  void shouldMoveOverToAReplayThatEqualsWhatWasCountedLive() throws IOException {
    long before = newest().get("version").asLong();

    Command.Result replayed = succeed(run("replay", "--model", model));

    JsonNode version = newest();
    assertThat(replayed.err()).contains("begins replay replay-1", "caught up");
    assertThat(version.get("version").asLong()).isEqualTo(before + 1);
    assertThat(version.get("fit").get("label").asText()).isEqualTo("replay-1");
    assertThat(version.get("reason").asText()).isEqualTo("promotion");
    assertThat(tokens(version)).isEqualTo(tokens(all));
    assertThat(version.get("sha256")).isEqualTo(all.get("sha256"));
  }

  @Test
  @Order(7)
  void shouldReplayChosenDomainsWithAnotherContextAndGoOnWithWhatIsFed() throws IOException {
    succeed(run("replay", "--model", model, "--context-dim", 32, "--domains", "novel,code"));
    JsonNode replayed = newest();
    feed(documents("after", List.of("novel"), 10));

    JsonNode version = solve();

    assertThat(replayed.get("fit").get("contextDim").asInt()).isEqualTo(32);
    assertThat(replayed.get("fit").get("label").asText()).isEqualTo("replay-2");
    assertThat(tokens(replayed)).containsOnlyKeys("novel", "code");
    assertThat(replayed.get("leftOut").asLong()).isPositive();
    assertThat(tokens(version).get("novel")).isGreaterThan(tokens(replayed).get("novel"));
    assertThat(tokens(version).get("code")).isEqualTo(tokens(replayed).get("code"));
  }

  @Test
  @Order(8)
  void shouldRemoveFitsThatAreRetiredAndKeepTheirVersions() throws IOException {
    String serving = newest().get("fit").get("id").asText().substring(0, 12);
    Command.Result refused = run("fits", "remove", serving);
    int versions = versions().size();

    succeed(run("fits", "remove", "replay-1"));

    assertThat(refused.status()).as(refused.toString()).isEqualTo(1);
    assertThat(refused.err()).contains("serves router default");
    assertThat(succeed(run("fits", "list")).out())
        .contains(serving, "retired")
        .doesNotContain("replay-1");
    assertThat(versions()).hasSize(versions);
    JsonNode after = solve();
    assertThat(after.get("sha256")).isEqualTo(versions().get(versions - 1).get("sha256"));
  }

  @Test
  @Order(9)
  void shouldListTheExpertsAndDomainsOfTheFitThatServes() {
    Command.Result experts = succeed(run("experts", "list"));
    Command.Result domains = succeed(run("domains", "list"));

    assertThat(experts.out()).contains("novel", "code").doesNotContain("math");
    assertThat(domains.out()).contains("novel", "code").doesNotContain(JOINS);
  }

  @Test
  @Order(10)
  void shouldAverageAnewWhereAnExpertLeavesAndGoOnWhereTheReplayWasKilled() throws Exception {
    Path remerged = directory.resolve("merged2");
    long before = newest().get("version").asLong();
    Object[] command = {
      "experts",
      "remove",
      "code",
      "--remerged",
      "--expert",
      "novel=" + DemoAssets.expert(directory, "novel"),
      "--model",
      remerged,
      "--flush-interval",
      "1s",
      "--bootstrap-servers",
      bootstrap
    };
    try (DumeProcess killed =
        DumeProcess.start(directory.resolve("killed.log"), Map.of(), command)) {
      killed.awaitOutput("(begins replay replay-\\d+)");
      killed.kill();
    }

    Command.Result replayed = succeed(Command.run(command));

    JsonNode version = newest();
    assertThat(replayed.err()).contains("goes on with replay", "has these experts, and stays");
    assertThat(version.get("version").asLong()).isEqualTo(before + 1);
    assertThat(version.get("experts")).hasSize(1);
    assertThat(tokens(version)).containsOnlyKeys("novel");
    assertThat(version.get("reason").asText()).isEqualTo("promotion");
  }

  private static List<String> with(List<String> domains, String more) {
    return Stream.concat(domains.stream(), Stream.of(more)).toList();
  }

  /** Two documents of each domain, cut short, as a file of this name. */
  private static Path documents(String name, List<String> domains, int skip) throws IOException {
    List<String> lines = new ArrayList<>();
    for (String domain : domains) {
      try (Stream<Document> documents = DemoAssets.documents(domain, Split.TRAIN)) {
        documents.skip(skip).limit(2).forEach(document -> lines.add(line(document)));
      }
    }
    return Files.write(directory.resolve(name + ".jsonl"), lines);
  }

  private static String line(Document document) {
    String text = document.text();
    return JSON.createObjectNode()
        .put("domain", document.domain())
        .put("id", document.id())
        .put("text", text.substring(0, Math.min(CHARACTERS, text.length())))
        .toString();
  }

  private static Command.Result run(Object... arguments) {
    List<Object> all = new ArrayList<>(List.of(arguments));
    all.add("--bootstrap-servers");
    all.add(bootstrap);
    return Command.run(all.toArray());
  }

  private static Command.Result succeed(Command.Result result) {
    assertThat(result.status()).as(result.toString()).isZero();
    return result;
  }

  private static void feed(Path text) {
    succeed(
        run(
            "feed",
            "--model",
            model,
            "--context-dim",
            DemoAssets.CONTEXT_DIM,
            "--accept-domain",
            JOINS,
            "--jsonl",
            text));
  }

  private static JsonNode solve() throws IOException {
    succeed(run("solve", "--timeout", "3m"));
    return newest();
  }

  private static JsonNode newest() throws IOException {
    List<JsonNode> versions = versions();
    return versions.get(versions.size() - 1);
  }

  private static List<JsonNode> versions() throws IOException {
    List<JsonNode> versions = new ArrayList<>();
    for (String line : succeed(run("versions", "--json")).lines()) {
      versions.add(JSON.readTree(line));
    }
    return versions;
  }

  private static Map<String, Long> tokens(JsonNode version) {
    Map<String, Long> tokens = new LinkedHashMap<>();
    version
        .get("domains")
        .forEach(d -> tokens.put(d.get("domain").asText(), d.get("tokens").asLong()));
    return tokens;
  }

  private static long records(JsonNode version) {
    long records = 0;
    for (JsonNode domain : version.get("domains")) {
      records += domain.get("records").asLong();
    }
    return records;
  }
}
