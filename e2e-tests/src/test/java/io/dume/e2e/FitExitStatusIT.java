package io.dume.e2e;

import static io.dume.e2e.GoldenOracle.line;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code dume fit} makes of lines that can't count. */
class FitExitStatusIT {

  /** Longer than context_dim, shorter than the longest that is allowed. */
  private static final List<Integer> LONG = Collections.nCopies(GoldenOracle.MAX_POSITIONS, 17);

  @TempDir static Path directory;

  private static Path model;
  private static Command.Result mixed;
  private static FitOutput mixedOutput;
  private static FitOutput cleanOutput;

  /** Bad lines by their number in the file, with what must be said of each. */
  private static final Map<Integer, String> EXPECTED = new LinkedHashMap<>();

  @BeforeAll
  static void fitWithAndWithoutBadLines() throws IOException {
    model = GoldenOracle.merge(directory.resolve("merged"));
    List<List<Integer>> good = List.of(List.of(1, 2, 3));
    Map<String, String> bad = new LinkedHashMap<>();
    bad.put(line("nobody", good), "unknown-domain");
    bad.put(line("e0", List.of(List.of(1, -2))), "token-out-of-vocabulary");
    bad.put(line("e0", List.of(List.of(1, GoldenOracle.VOCABULARY))), "token-out-of-vocabulary");
    bad.put(line("e0", List.of(List.of(Integer.MAX_VALUE))), "token-out-of-vocabulary");
    bad.put("{\"domain\":\"e0\",\"sequences\":[[1,99999999999]]}", "does not fit into 32 bits");
    bad.put(line("e1", List.of()), "empty-batch");
    bad.put(line("e1", List.of(List.of(1, 2), List.of())), "empty-sequence");
    bad.put(
        line("e1", List.of(Collections.nCopies(GoldenOracle.MAX_POSITIONS + 1, 1))),
        "sequence-too-long");
    bad.put("{\"domain\":\"e2\",\"sequences\":[[1,2", "not JSON");
    bad.put("[1, 2]", "not a JSON object");
    bad.put("{\"domain\":\"e2\"}", "\"sequences\" is missing");
    bad.put("{\"sequences\":[[1,2]]}", "domain");
    bad.put("{\"domain\":\"e2\",\"sequences\":[[1.5]]}", "is not an integer");

    // A bad line after each good one, as far as they go.
    List<String> lines = new ArrayList<>();
    var next = bad.entrySet().iterator();
    for (String line : GoldenOracle.lines()) {
      lines.add(line);
      if (next.hasNext()) {
        Map.Entry<String, String> entry = next.next();
        lines.add(entry.getKey());
        EXPECTED.put(lines.size(), entry.getValue());
      }
    }
    assertThat(next).as("bad lines left over").isExhausted();
    lines.add(line("e0", List.of(LONG)));
    Path mixedFile = Files.write(directory.resolve("mixed.jsonl"), lines);
    mixed = FitOutput.fit(model, mixedFile, directory.resolve("mixed"), 1);
    mixedOutput = new FitOutput(directory.resolve("mixed"));

    List<String> clean = new ArrayList<>(GoldenOracle.lines());
    clean.add(line("e0", List.of(LONG.subList(0, GoldenOracle.CONTEXT_DIM))));
    Path cleanFile = Files.write(directory.resolve("clean.jsonl"), clean);
    Command.Result result = FitOutput.fit(model, cleanFile, directory.resolve("clean"), 1);
    assertThat(result.status()).as(result.toString()).isZero();
    cleanOutput = new FitOutput(directory.resolve("clean"));
  }

  @Test
  void shouldListEveryBadLineWithItsNumberAndReasonAndEndWithThree() {
    assertThat(mixed.status()).as(mixed.toString()).isEqualTo(3);
    List<String> listed = mixed.err().lines().filter(l -> l.contains("set aside:")).toList();
    assertThat(listed).hasSize(EXPECTED.size());
    EXPECTED.forEach(
        (number, reason) ->
            assertThat(listed)
                .as("line %d", number)
                .filteredOn(l -> l.startsWith("line %d set aside".formatted(number)))
                .singleElement()
                .asString()
                .contains(reason));
  }

  @Test
  void shouldGiveTheRouterOfTheFileWithoutTheBadLines() throws IOException {
    assertThat(mixedOutput.sha256()).isEqualTo(cleanOutput.sha256());
    assertThat(mixedOutput.routerTensors()).isEqualTo(cleanOutput.routerTensors());
    assertThat(mixedOutput.statisticsBytes()).isEqualTo(cleanOutput.statisticsBytes());
  }

  @Test
  void shouldCountTheFirstPositionsOfASequenceLongerThanContextDim() throws IOException {
    long tokens = mixedOutput.version().get("domains").get(0).get("tokens").asLong();

    assertThat(mixedOutput.version().get("domains").get(0).get("domain").asText()).isEqualTo("e0");
    assertThat(tokens).isEqualTo(GoldenOracle.tokens("e0") + GoldenOracle.CONTEXT_DIM);
  }

  @Test
  void shouldFailAndWriteNothingWhenADomainHasNoLines() throws IOException {
    List<String> lines =
        GoldenOracle.batches().stream()
            .filter(batch -> !batch.expert().equals("e2"))
            .map(batch -> line(batch.expert(), List.of(batch.ids())))
            .toList();
    Path batches = Files.write(directory.resolve("no-e2.jsonl"), lines);
    Path out = directory.resolve("no-e2");

    Command.Result result = FitOutput.fit(model, batches, out, 1);

    assertThat(result.status()).as(result.toString()).isEqualTo(1);
    assertThat(result.err()).contains("no tokens yet for expert e2");
    assertThat(Files.exists(out) ? filesIn(out) : List.of()).isEmpty();
  }

  private static List<Path> filesIn(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }
}
