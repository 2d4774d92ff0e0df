package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

class HelpTest {

  @Test
  void shouldTeachCommandsEnvironmentAndExitStatus() {
    CommandRun run = new CommandRun();

    int status = run.execute("--help");

    assertThat(status).isZero();
    assertThat(run.err()).isEmpty();
    assertThat(run.out())
        .contains("Usage: dume", "Exit status: 0 done; 1 failed; 2 wrong usage; 3 done, but")
        .contains("DUME_BOOTSTRAP_SERVERS");
    assertThat(commandLine().getSubcommands().keySet())
        .allSatisfy(name -> assertThat(run.out()).containsPattern("(?m)^  " + name + " +\\w"));
  }

  @Test
  void shouldSayOfEachCommandWhatItDoesInOneLine() {
    CommandRun run = new CommandRun();

    run.execute("--help");

    assertThat(commandLine().getSubcommands().values())
        .extracting(command -> command.getCommandSpec())
        .allSatisfy(
            command ->
                assertThat(run.out())
                    .containsPattern(
                        "(?m)^  "
                            + command.name()
                            + " +"
                            + Pattern.quote(command.usageMessage().description()[0])
                            + "$"));
  }

  @Test
  void shouldExplainItselfAndFailWithoutACommand() {
    CommandRun run = new CommandRun();

    int status = run.execute();

    assertThat(status).isEqualTo(ExitCode.USAGE);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).contains("Usage: dume");
  }

  @Test
  void shouldTellItsVersion() {
    CommandRun run = new CommandRun();

    int status = run.execute("--version");

    assertThat(status).isZero();
    assertThat(run.out()).matches("dume \\d+\\.\\d+\\.\\d+\\S* \\(Kafka 4\\.\\S+, Java .+\\)\\R");
  }

  @ParameterizedTest
  @MethodSource("commands")
  void shouldNameTheVariableOfEveryOption(List<String> path) {
    CommandRun run = new CommandRun();
    List<String> arguments = new ArrayList<>(path);
    arguments.add("--help");

    int status = run.execute(arguments.toArray(new String[0]));

    assertThat(status).isZero();
    // Long names are wrapped by the width of the page.
    String page = run.out().replaceAll("\\s+", " ");
    assertThat(spec(path).options())
        .filteredOn(option -> !option.usageHelp() && !option.versionHelp())
        .isNotEmpty()
        .allSatisfy(
            option ->
                assertThat(page)
                    .contains(
                        "(env: DUME_"
                            + option
                                .longestName()
                                .substring(2)
                                .replace('-', '_')
                                .toUpperCase(java.util.Locale.ROOT)
                            + ")"));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void shouldDescribeEveryCommandAndOption(List<String> path) {
    CommandSpec command = spec(path);

    assertThat(command.usageMessage().description()).isNotEmpty();
    assertThat(command.options())
        .extracting(OptionSpec::description)
        .allSatisfy(description -> assertThat(description).isNotEmpty());
  }

  static Stream<List<String>> commands() {
    return paths(commandLine(), List.of());
  }

  private static Stream<List<String>> paths(CommandLine command, List<String> path) {
    return command.getSubcommands().entrySet().stream()
        .flatMap(
            entry -> {
              List<String> extended = new ArrayList<>(path);
              extended.add(entry.getKey());
              return Stream.concat(Stream.of(extended), paths(entry.getValue(), extended));
            });
  }

  private static CommandSpec spec(List<String> path) {
    CommandLine command = commandLine();
    for (String name : path) {
      command = command.getSubcommands().get(name);
    }
    return command.getCommandSpec();
  }

  private static CommandLine commandLine() {
    Console console =
        new Console(
            new PrintWriter(new StringWriter()), new PrintWriter(new StringWriter()), false);
    return DumeCommandLine.create(
        new CliContext(console, Map.of(), Clock.systemUTC(), new StopSignal(hook -> {})));
  }
}
