package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dume.models.Device;
import io.dume.models.Generation;
import io.dume.models.MixtureModel;
import io.dume.models.RouterWeights;
import io.dume.models.Routing;
import io.dume.models.RoutingPolicy;
import io.dume.models.Sampling;
import io.dume.models.TextGeneration;
import io.dume.models.Tokenizer;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class GenerateCommandTest {

  private static final String PROMPT = "In the beginning";

  @TempDir private static Path shared;
  private static DemoModel model;
  private static Path router;

  @TempDir private Path directory;

  @BeforeAll
  static void makeModel() throws IOException {
    model = DemoModel.make(shared);
    router = model.router(shared.resolve("router.safetensors"));
  }

  /** What the library writes, tokens limited to 20. */
  private static String text(Routing routing, Sampling sampling) throws IOException {
    TextGeneration.Listener nobody =
        new TextGeneration.Listener() {
          @Override
          public void token(int ordinal, int id, float[][] shares) {}

          @Override
          public void text(String text, int ordinal) {}
        };
    try (MixtureModel mixture = MixtureModel.load(Path.of(model.merged()), Device.CPU);
        Tokenizer tokenizer = Tokenizer.load(Path.of(model.merged()));
        Generation generation = mixture.generation(routing)) {
      TextGeneration.Limits limits = new TextGeneration.Limits(20, List.of());
      return new TextGeneration(mixture.config(), tokenizer, sampling, limits)
          .write(PROMPT, generation, nobody, () -> true)
          .text();
    }
  }

  private CommandRun generate(String... more) {
    return generate(new CommandRun(), ExitCode.OK, more);
  }

  private CommandRun generate(CommandRun run, int status, String... more) {
    List<String> all = new ArrayList<>(List.of("generate", "--model", model.merged()));
    all.addAll(List.of("--device", "cpu", "--max-tokens", "20"));
    all.addAll(List.of(more));
    assertThat(run.execute(all.toArray(String[]::new))).as(run.err()).isEqualTo(status);
    return run;
  }

  @Test
  void shouldWriteWhatTheModelDoesThroughTheRouter() throws IOException {
    RouterWeights weights = RouterWeights.read(router);
    Sampling drawn = new Sampling(0.8, 100, 0.9, 1.2, 7);

    CommandRun greedy = generate("--router", "" + router, "--prompt", PROMPT);
    CommandRun smoothed =
        generate("--router", "" + router, "--prompt", PROMPT, "--policy", "smoothing=0.9,below=1");
    CommandRun sampled =
        generate(
            "--router",
            "" + router,
            "--prompt",
            PROMPT,
            "--sampling-temperature",
            "0.8",
            "--sampling-top-k",
            "100",
            "--top-p",
            "0.9",
            "--repetition-penalty",
            "1.2",
            "--seed",
            "7");

    assertThat(greedy.out())
        .isEqualTo(line(text(new Routing.TopK(weights, 1, 1), Sampling.GREEDY)));
    assertThat(greedy.err()).contains("20 tokens after", "as many as --max-tokens");
    RoutingPolicy policy = RoutingPolicy.parse("smoothing=0.9,below=1");
    assertThat(smoothed.out())
        .isEqualTo(line(text(new Routing.TopK(weights, policy), Sampling.GREEDY)));
    assertThat(sampled.out()).isEqualTo(line(text(new Routing.TopK(weights, 1, 1), drawn)));
  }

  @Test
  void shouldWriteWithoutARouterToo() throws IOException {
    CommandRun oracle = generate("--router", "oracle:code", "--prompt", PROMPT);
    CommandRun average = generate("--router", "average", "--prompt", PROMPT, "--explain");

    assertThat(oracle.out()).isEqualTo(line(text(new Routing.Oracle(2), Sampling.GREEDY)));
    assertThat(average.out()).isEqualTo(line(text(new Routing.Average(), Sampling.GREEDY)));
    assertThat(average.err()).contains("nothing to explain");
  }

  @Test
  void shouldEndBeforeAStopGivenWithEscapes() throws IOException {
    String whole = text(new Routing.Oracle(2), Sampling.GREEDY);
    // Given a place that the text has, written as a shell would pass it on
    String stop = whole.substring(8, 12);
    String escaped = stop.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t");

    CommandRun run = generate("--router", "oracle:code", "--prompt", PROMPT, "--stop", escaped);

    assertThat(run.out()).isEqualTo(line(whole.substring(0, whole.indexOf(stop))));
    assertThat(run.err()).contains("a --stop came");
  }

  @Test
  void shouldExplainWhichExpertWroteWhat() throws IOException {
    String whole = text(new Routing.Oracle(2), Sampling.GREEDY);

    CommandRun brackets = generate("--router", "oracle:code", "--prompt", PROMPT, "--explain");
    CommandRun colours =
        generate("--router", "oracle:code", "--prompt", PROMPT, "--explain", "--color", "always");
    CommandRun gates = generate("--router", "" + router, "--prompt", PROMPT, "--explain");

    assertThat(brackets.out()).startsWith("[code: " + whole + "]");
    assertThat(brackets.out().lines().toList())
        .anyMatch(row -> row.matches("code +20 +1\\.00( +1\\.00){4}"))
        .anyMatch(row -> row.matches("math +0 +0\\.00( +0\\.00){4}"));
    assertThat(colours.out()).startsWith("\033[32m").contains("\033[32mcode ");
    assertThat(gates.out().lines().filter(row -> row.matches("\\w+ +\\d+( +[01]\\.\\d\\d){5}")))
        .hasSize(5);
  }

  @Test
  void shouldAnswerPromptsOfAFileOrOfStandardInputOneByOne() throws IOException {
    Path file = directory.resolve("prompts.txt");
    Files.writeString(file, PROMPT + "\n\n" + "word ".repeat(400) + "\n" + PROMPT + "\n");
    byte[] typed = (PROMPT + "\r\n" + PROMPT).getBytes(StandardCharsets.UTF_8);

    CommandRun ofFile =
        generate(
            new CommandRun(),
            ExitCode.SET_ASIDE,
            "--router",
            "oracle:math",
            "--prompts",
            "" + file,
            "--json",
            "--explain");
    CommandRun ofInput =
        generate(
            new CommandRun().reading(new ByteArrayInputStream(typed)),
            ExitCode.OK,
            "--router",
            "oracle:math",
            "--prompts",
            "-",
            "--json");

    String whole = text(new Routing.Oracle(3), Sampling.GREEDY);
    List<JsonNode> answers = json(ofFile.out());
    assertThat(answers).hasSize(2);
    for (JsonNode answer : answers) {
      assertThat(answer.get("prompt").textValue()).isEqualTo(PROMPT);
      assertThat(answer.get("text").textValue()).isEqualTo(whole);
      assertThat(answer.get("end").textValue()).isEqualTo("enough-tokens");
      assertThat(answer.get("tokens").intValue()).isEqualTo(20);
      assertThat(answer.at("/experts/math/tokens").intValue()).isEqualTo(20);
      assertThat(answer.at("/experts/novel/share").doubleValue()).isZero();
      assertThat(answer.get("pieces")).hasSize(1);
      assertThat(answer.at("/pieces/0/expert").textValue()).isEqualTo("math");
      assertThat(answer.at("/pieces/0/text").textValue()).isEqualTo(whole);
    }
    assertThat(ofFile.err())
        .containsPattern("set aside: the prompt has \\d+ tokens")
        .contains("256");
    assertThat(json(ofInput.out()))
        .extracting(answer -> answer.get("text").textValue())
        .containsExactly(whole, whole);
  }

  @Test
  void shouldTakeAFileAsOnePromptWithoutItsLastLineEnd() throws IOException {
    Path file = Files.writeString(directory.resolve("prompt.txt"), PROMPT + "\n");

    CommandRun run = generate("--router", "oracle:math", "--prompt-file", "" + file);

    assertThat(run.out()).isEqualTo(line(text(new Routing.Oracle(3), Sampling.GREEDY)));
  }

  @Test
  void shouldAskForOneRouterAndOnePrompt() {
    assertThat(generate(new CommandRun(), ExitCode.USAGE, "--prompt", PROMPT).err())
        .contains("one of --router, --follow");
    assertThat(generate(new CommandRun(), ExitCode.USAGE, "--router", "average").err())
        .contains("one of --prompt TEXT");
    String[] both = {"--router", "average", "--prompt", "a", "--prompts", "-"};
    assertThat(generate(new CommandRun(), ExitCode.USAGE, both).err())
        .contains("one of --prompt TEXT");
    String[] number = {"--router", "average", "--prompt", "a", "--top-p", "2"};
    assertThat(generate(new CommandRun(), ExitCode.USAGE, number).err()).contains("top-p = 2.0");
    String[] empty = {"--router", "average", "--prompt", ""};
    assertThat(generate(new CommandRun(), ExitCode.FAILURE, empty).err())
        .contains("the prompt has no tokens")
        .doesNotContain("fault of dume");
    String[] law = {"--router", "oracle:law", "--prompt", "a"};
    assertThat(generate(new CommandRun(), ExitCode.FAILURE, law).err())
        .contains("oracle:law", "novel");
  }

  @Test
  void shouldColourOnATerminalUnlessAskedNotTo() {
    String[] explained = {"--router", "oracle:code", "--prompt", PROMPT, "--explain"};

    CommandRun terminal = generate(new CommandRun().onTerminal(), ExitCode.OK, explained);
    CommandRun asked =
        generate(new CommandRun(Map.of("NO_COLOR", "1")).onTerminal(), ExitCode.OK, explained);

    assertThat(terminal.out()).startsWith("\033[32m");
    assertThat(asked.out()).startsWith("[code: ");
  }

  @Test
  @Timeout(90)
  void shouldEndSoonAfterControlCWithWholeAnswersOnly() throws Exception {
    // Given more prompts than anybody waits for
    Path prompts = Files.writeString(directory.resolve("many.txt"), (PROMPT + "\n").repeat(50_000));
    Path errors = directory.resolve("errors.txt");
    List<String> command = new ArrayList<>(List.of("java", "-XX:TieredStopAtLevel=1", "-cp"));
    command.addAll(List.of(System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(List.of("generate", "--model", model.merged(), "--device", "cpu", "--json"));
    command.addAll(List.of("--router", "oracle:math", "--prompts", "" + prompts));
    Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
      List<String> answers = new ArrayList<>(List.of(out.readLine()));

      // When it is interrupted
      int signal = ignoresInterrupts(process) ? 15 : 2;
      long start = System.nanoTime();
      new ProcessBuilder("kill", "-" + signal, "" + process.pid()).inheritIO().start().waitFor();
      out.lines().forEach(answers::add);
      int status = process.waitFor();

      // Then it ends, as a process does that a signal ended, and nothing is cut off
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
      assertThat(status).isEqualTo(128 + signal);
      assertThat(answers).hasSizeLessThan(50_000);
      assertThat(json(String.join("\n", answers)))
          .allSatisfy(answer -> assertThat(answer.get("prompt").textValue()).isEqualTo(PROMPT));
      assertThat(Files.readString(errors)).doesNotContain("Exception", "fault of dume");
    } finally {
      process.destroyForcibly();
    }
  }

  /** A shell that starts this in the background makes it and its children ignore Ctrl-C. */
  private static boolean ignoresInterrupts(Process process) throws IOException {
    String ignored =
        Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")).stream()
            .filter(line -> line.startsWith("SigIgn:"))
            .map(line -> line.substring("SigIgn:".length()).strip())
            .findFirst()
            .orElseThrow();
    return (Long.parseUnsignedLong(ignored, 16) >> 1 & 1) == 1;
  }

  private static List<JsonNode> json(String lines) throws IOException {
    List<JsonNode> read = new ArrayList<>();
    for (String line : lines.lines().toList()) {
      read.add(new ObjectMapper().readTree(line));
    }
    return read;
  }

  private static String line(String text) {
    return text + System.lineSeparator();
  }
}
