package io.dume.cli;

import io.dume.schemas.kafka.Topics;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.TopicDescription;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code dume health}: whether a service does its work, as the cluster sees it.
 *
 * <p>A process that is up says little. The coordinator of a group drops a member that no longer
 * polls, is cut off or is stuck in a record, so membership is the evidence that is asked for.
 */
@Command(
    name = "health",
    description = {
      "Says whether a service is at work, for a container's health check.",
      "A worker, an accumulator and a solver are well while the cluster counts them as members of"
          + " their groups; the cluster is well while all topics of the installation have leaders."
    },
    footer = {
      "",
      "Ends with 0 if it is well, with 1 and the reason if not.",
      "",
      "Examples:",
      "  dume health cluster --bootstrap-servers kafka:9092",
      "  dume health feature-extractor --bootstrap-servers kafka:9092 --instance gpu-0"
    })
final class HealthCommand implements Callable<Integer> {

  /** What can be asked about. */
  enum Subject {
    CLUSTER("cluster"),
    FEATURE_EXTRACTOR("feature-extractor"),
    ACCUMULATOR("accumulator"),
    SOLVER("solver");

    private final String label;

    Subject(String label) {
      this.label = label;
    }

    /** As it is written on the command line. */
    @Override
    public String toString() {
      return label;
    }
  }

  @Parameters(
      paramLabel = "cluster|feature-extractor|accumulator|solver",
      description = "What is asked about.")
  private Subject subject;

  @Mixin private KafkaOptions kafka = new KafkaOptions();
  @Mixin private RouterOptions router = new RouterOptions();

  @Option(
      names = "--instance",
      paramLabel = "NAME",
      description = "The worker's or the accumulator's name.")
  private Optional<String> instance = Optional.empty();

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      defaultValue = "10s",
      description = "The longest to wait for the cluster's answer. Default: ${DEFAULT-VALUE}.")
  private Duration timeout;

  @Spec private CommandSpec spec;

  private final CliContext context;

  HealthCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    Topics topics = kafka.topics();
    String prefix = topics.prefix();
    Properties settings = kafka.settings().admin();
    String milliseconds = Long.toString(timeout.toMillis());
    settings.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, milliseconds);
    settings.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, milliseconds);
    try (Admin admin = Admin.create(settings)) {
      switch (subject) {
        case CLUSTER -> requireLeaders(admin, topics);
        case FEATURE_EXTRACTOR -> {
          // A group for each fit: the worker is in that of the fit it works for.
          String client = prefix + "worker-" + name();
          requireMember(
              admin,
              group -> group.startsWith(prefix + "feature-extractor-"),
              member -> member.equals(client));
        }
        case ACCUMULATOR -> {
          for (String application : List.of("sequencer", "fold")) {
            String client = prefix + application + "-" + name() + "-";
            requireMember(
                admin,
                group -> group.equals(prefix + application),
                member -> member.startsWith(client));
          }
        }
        case SOLVER -> {
          // Solvers of one router share its name; those that stand by are members too.
          String group = prefix + "solver-" + router.name();
          requireMember(admin, group::equals, member -> member.startsWith(group));
        }
        default -> throw new IllegalStateException("no check for " + subject);
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException(
          "the cluster did not answer within %s: %s".formatted(timeout, e.getCause().getMessage()),
          e.getCause());
    }
    context.console().result(subject + " is well");
    return ExitCode.OK;
  }

  private String name() {
    return instance.orElseThrow(
        () ->
            new ParameterException(
                spec.commandLine(), "health %s needs --instance NAME".formatted(subject)));
  }

  private void requireMember(Admin admin, Predicate<String> group, Predicate<String> clientId)
      throws ExecutionException, InterruptedException {
    List<String> groups =
        admin.listGroups(new ListGroupsOptions()).all().get().stream()
            .map(GroupListing::groupId)
            .filter(group)
            .toList();
    Collection<ConsumerGroupDescription> described =
        admin.describeConsumerGroups(groups).all().get().values();
    boolean member =
        described.stream()
            .flatMap(description -> description.members().stream())
            .map(MemberDescription::clientId)
            .anyMatch(clientId);
    if (!member) {
      throw new IllegalStateException(
          "%s%s is not a member of its group: it has not started yet, is stuck, or is cut off from"
                  .formatted(subject, instance.map(name -> " " + name).orElse(""))
              + " the cluster; its log says more");
    }
  }

  private static void requireLeaders(Admin admin, Topics topics)
      throws ExecutionException, InterruptedException {
    List<String> ours =
        admin.listTopics(new ListTopicsOptions()).names().get().stream()
            .filter(name -> name.startsWith(topics.prefix()))
            .toList();
    for (TopicDescription topic : admin.describeTopics(ours).allTopicNames().get().values()) {
      long without =
          topic.partitions().stream()
              .filter(partition -> partition.leader() == null || partition.leader().isEmpty())
              .count();
      if (without > 0) {
        throw new IllegalStateException(
            "topic %s has %d partitions without a leader: brokers are down"
                .formatted(topic.name(), without));
      }
    }
  }
}
