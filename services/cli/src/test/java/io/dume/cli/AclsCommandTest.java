package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AclsCommandTest {

  @Test
  void shouldListWhatAllServicesNeed() {
    CommandRun run = new CommandRun();

    int status = run.execute("acls", "--topic-prefix", "mine.");

    assertThat(status).isZero();
    assertThat(run.out().lines().toList())
        .hasSize(AclTable.get().entries().size())
        .contains("solver             Read, Write       topic mine.control")
        .contains("feature-extractor  Write             transactional ids mine.worker-*");
  }

  @Test
  void shouldPrintKafkasOwnCommands() {
    CommandRun run = new CommandRun();

    int status = run.execute("acls", "solver", "--principal", "User:s", "--router-name", "r");

    assertThat(status).isZero();
    assertThat(run.out().lines())
        .contains(
            "kafka-acls.sh --add --allow-principal 'User:s' --operation Describe --topic 'dume.' --resource-pattern-type prefixed",
            "kafka-acls.sh --add --allow-principal 'User:s' --operation Create --topic 'dume.' --resource-pattern-type prefixed",
            "kafka-acls.sh --add --allow-principal 'User:s' --operation Write --transactional-id 'dume.solver-r'")
        .allMatch(line -> !line.contains("<"));
  }

  @Test
  void shouldLeaveOutATopicOfDocumentsThatNobodyNamed() {
    CommandRun run = new CommandRun();

    run.execute("acls", "feed", "--principal", "User:f");

    assertThat(run.out()).contains("'dume.token-batches'").doesNotContain("documents");
  }

  @Test
  void shouldListTheServicesWhereOneIsUnknown() {
    CommandRun run = new CommandRun();

    int status = run.execute("acls", "sovler");

    assertThat(status).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("no service sovler").contains("solver");
  }

  @Test
  void shouldNotCreateListsForNobody() {
    CommandRun run = new CommandRun();

    int status = run.execute("acls", "--create");

    assertThat(status).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("--principal");
  }
}
