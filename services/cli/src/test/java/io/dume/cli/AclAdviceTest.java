package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;

class AclAdviceTest {

  @Test
  void shouldNameTheOperationsOnATopicThatWasRefused() {
    Throwable failure =
        new IllegalStateException(
            "wrapped", new TopicAuthorizationException("no", Set.of("mine.cuts")));

    String advice = AclAdvice.of(failure, solver()).orElseThrow();

    assertThat(advice)
        .contains("Read on topic mine.cuts")
        .contains("`dume acls solver`")
        .doesNotContain("mine.control");
  }

  @Test
  void shouldFindTheTopicInTheMessageWhereTheExceptionHasNone() {
    Throwable failure =
        new IllegalStateException(
            "topic mine.cuts could not be created: no.", new TopicAuthorizationException("no"));

    String advice = AclAdvice.of(failure, solver()).orElseThrow();

    assertThat(advice).contains("Create on topics mine.*").doesNotContain("Read");
  }

  @Test
  void shouldNameTheTransactionalIdThatKafkaDoesNot() {
    String advice =
        AclAdvice.of(new TransactionalIdAuthorizationException("no"), solver()).orElseThrow();

    assertThat(advice).contains("Write on transactional id mine.solver-default");
  }

  @Test
  void shouldNameTheGroup() {
    Throwable failure = GroupAuthorizationException.forGroupId("mine.solver-default");

    String advice = AclAdvice.of(failure, solver()).orElseThrow();

    assertThat(advice).contains("Read on group mine.solver-default");
  }

  @Test
  void shouldNameWhatAProducerMayWriteToWhereTheClusterRefusesIt() {
    String advice = AclAdvice.of(new ClusterAuthorizationException("no"), solver()).orElseThrow();

    assertThat(advice).contains("Write on topic mine.router-versions");
  }

  @Test
  void shouldAdviseNothingAboutATopicThatTheCommandIsNotInTheListsOf() {
    String advice =
        AclAdvice.of(new TopicAuthorizationException("no", Set.of("other")), solver())
            .orElseThrow();

    assertThat(advice).isEqualTo("the cluster's access control lists refuse it to this user");
  }

  @Test
  void shouldKnowThatAnEvaluatorThatChoosesWorksAsAnOperatorDoes() {
    Throwable failure = new TopicAuthorizationException("no", Set.of("mine.control"));

    String choosing =
        AclAdvice.of(failure, evaluate("--choose-policy", "validation.jsonl")).orElseThrow();
    String judging = AclAdvice.of(failure, evaluate()).orElseThrow();

    assertThat(choosing)
        .contains("Read, Write on topic mine.control", "`dume acls operator`")
        .doesNotContain("router-versions");
    assertThat(judging).doesNotContain("who needs");
  }

  private static CommandSpec evaluate(String... more) {
    CommandLine root = new CommandLine(new Sample());
    root.addSubcommand(new Evaluate());
    List<String> all = new ArrayList<>(List.of("evaluate", "--topic-prefix=mine."));
    all.addAll(List.of(more));
    root.parseArgs(all.toArray(String[]::new));
    return root.getSubcommands().get("evaluate").getCommandSpec();
  }

  @Command(name = "evaluate")
  private static final class Evaluate {
    @Mixin private TopicOptions topics = new TopicOptions();
    @Mixin private PolicyChoiceOptions choice = new PolicyChoiceOptions();
  }

  @Test
  void shouldSayNothingOfOtherFailures() {
    assertThat(AclAdvice.of(new TimeoutException("late"), solver())).isEmpty();
  }

  private static CommandSpec solver() {
    CommandLine root = new CommandLine(new Sample());
    root.addSubcommand(new Solver());
    root.parseArgs("solver", "--topic-prefix=mine.");
    return root.getSubcommands().get("solver").getCommandSpec();
  }

  @Command(name = "sample")
  private static final class Sample {}

  @Command(name = "solver")
  private static final class Solver {
    @Mixin private TopicOptions topics = new TopicOptions();
    @Mixin private RouterOptions router = new RouterOptions();
  }
}
