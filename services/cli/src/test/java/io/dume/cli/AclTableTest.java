package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.schemas.kafka.Topics;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class AclTableTest {

  private static final Map<String, String> DEFAULTS =
      Map.of(
          "prefix", Topics.DEFAULT.prefix(), "router", RouterOptions.DEFAULT, "documents", "TOPIC");

  private static final String HEADING = "| service | may | on | for |\n|---|---|---|---|\n";

  @Test
  void shouldBeTheTableOfTheReadme() throws IOException {
    String readme = Files.readString(Path.of("../../README.md"));

    String table = markdown();

    assertThat(readme).contains(table);
  }

  /** The README's table of everything, for an installation with the default names. */
  private static String markdown() {
    return AclTable.get().entries().stream()
        .map(entry -> entry.resolved(DEFAULTS))
        .map(
            entry ->
                "| %s | %s | %s `%s` | %s |\n"
                    .formatted(
                        entry.service(),
                        entry.operationNames(),
                        entry.kind().replace('-', ' ') + (prefixed(entry) ? "s" : ""),
                        entry.name() + (prefixed(entry) ? "*" : ""),
                        entry.reason()))
        .map(line -> line.replace("|  |", "| |"))
        .collect(Collectors.joining("", HEADING, "\n"));
  }

  private static boolean prefixed(AclEntry entry) {
    return entry.pattern() == PatternType.PREFIXED;
  }

  /** The health of a service is asked for under the service's user; lists are written by others. */
  @Test
  void shouldKnowWhatEachCommandNeedsThatGoesToACluster() {
    Console console =
        new Console(
            new PrintWriter(new StringWriter()), new PrintWriter(new StringWriter()), false);
    CliContext context =
        new CliContext(console, Map.of(), Clock.systemUTC(), new StopSignal(hook -> {}));

    CommandLine root = DumeCommandLine.create(context);

    assertThat(root.getSubcommands().values())
        .filteredOn(AclTableTest::goesToACluster)
        .extracting(CommandLine::getCommandName)
        .hasSizeGreaterThan(6)
        .filteredOn(name -> !List.of("acls", "health").contains(name))
        .allSatisfy(name -> assertThat(AclTable.get().serviceOf(name)).isPresent());
  }

  @Test
  void shouldTellASubcommandOfItsOwnFromThoseOfTheCommandAboveIt() {
    assertThat(AclTable.get().serviceOf("router publish")).contains("publisher");
    assertThat(AclTable.get().serviceOf("router export")).contains("subscriber");
    assertThat(AclTable.get().serviceOf("versions show")).contains("subscriber");
    assertThat(AclTable.get().serviceOf("lab")).isEmpty();
  }

  private static boolean goesToACluster(CommandLine command) {
    return command.getCommandSpec().findOption("--bootstrap-servers") != null
        || command.getSubcommands().values().stream().anyMatch(AclTableTest::goesToACluster);
  }

  @Test
  void shouldAllowNoServiceToAlterAnything() {
    assertThat(AclTable.get().entries())
        .allSatisfy(
            entry -> {
              assertThat(List.of("Read", "Write", "Create", "Describe", "Read, Write", "Delete"))
                  .contains(entry.operationNames());
              assertThat(entry.type())
                  .isIn(ResourceType.TOPIC, ResourceType.GROUP, ResourceType.TRANSACTIONAL_ID);
            });
  }

  @Test
  void shouldStandForAllTopicsWhereThePrefixIsEmpty() {
    AclEntry entry = AclTable.get().of("solver").get(0).resolved(Map.of("prefix", ""));

    assertThat(entry.bindings("User:solver"))
        .allSatisfy(
            binding -> {
              assertThat(binding.pattern().name()).isEqualTo("*");
              assertThat(binding.pattern().patternType()).isEqualTo(PatternType.LITERAL);
            });
  }
}
