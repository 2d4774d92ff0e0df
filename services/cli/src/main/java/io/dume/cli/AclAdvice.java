package io.dume.cli;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.apache.kafka.common.resource.ResourceType;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Names the access control lists that a command lacks. Kafka says that something is refused, often
 * not what, and never which operation.
 */
final class AclAdvice {

  private static final int DEEPEST = 16;
  private static final Pattern NAME_END = Pattern.compile("[^A-Za-z0-9._-]+");

  private AclAdvice() {}

  /**
   * Advice about a failure.
   *
   * @param failure what a command ended with
   * @param command the command
   * @return nothing if no access control list was the cause
   */
  static Optional<String> of(Throwable failure, CommandSpec command) {
    List<Throwable> chain = new ArrayList<>();
    for (Throwable cause = failure;
        cause != null && chain.size() < DEEPEST;
        cause = cause.getCause()) {
      chain.add(cause);
    }
    return chain.stream()
        .filter(AuthorizationException.class::isInstance)
        .map(AuthorizationException.class::cast)
        .findFirst()
        .map(refusal -> advice(refusal, chain, command));
  }

  private static String advice(
      AuthorizationException refusal, List<Throwable> chain, CommandSpec command) {
    List<AclEntry> needed = needed(refusal, chain, command);
    if (needed.isEmpty()) {
      return "the cluster's access control lists refuse it to this user";
    }
    return "the cluster's access control lists refuse it to this user, who needs %s (`dume acls %s` lists all)"
        .formatted(
            needed.stream().map(AclEntry::toString).distinct().collect(Collectors.joining("; ")),
            needed.get(0).service());
  }

  /** What a command runs as: more than one thing, where an option makes it do another's work. */
  private static Stream<String> services(CommandSpec command) {
    return Stream.concat(
        AclTable.get().serviceOf(names(command)).stream(),
        option(command, PolicyChoiceOptions.CHOOSE).isPresent()
            ? AclTable.get().serviceOf("policy").stream()
            : Stream.empty());
  }

  private static List<AclEntry> needed(
      AuthorizationException refusal, List<Throwable> chain, CommandSpec command) {
    List<String> refused = refused(refusal);
    List<String> names = refused.isEmpty() ? words(chain) : refused;
    boolean creating =
        chain.stream()
            .anyMatch(e -> String.valueOf(e.getMessage()).contains("could not be created"));
    List<AclEntry> candidates =
        services(command)
            .flatMap(service -> AclTable.get().of(service).stream())
            .map(entry -> entry.resolved(values(command)))
            .filter(entry -> entry.type() == type(refusal))
            .map(entry -> entry.withOperations(operations(entry, creating)))
            .filter(entry -> !entry.operations().isEmpty())
            .toList();
    List<AclEntry> named =
        candidates.stream().filter(entry -> names.stream().anyMatch(entry::covers)).toList();
    // What is refused by name and is in no list is not to be explained by others' names.
    return named.isEmpty() && refused.isEmpty() ? candidates : named;
  }

  /**
   * A producer that may write to no topic at all is told that the cluster refuses: for idempotent
   * writes one that it may write to is enough.
   */
  private static ResourceType type(AuthorizationException refusal) {
    if (refusal instanceof GroupAuthorizationException) {
      return ResourceType.GROUP;
    }
    return refusal instanceof TransactionalIdAuthorizationException
        ? ResourceType.TRANSACTIONAL_ID
        : ResourceType.TOPIC;
  }

  private static List<AclOperation> operations(AclEntry entry, boolean creating) {
    return entry.operations().stream()
        .filter(operation -> (operation == AclOperation.CREATE) == creating)
        .toList();
  }

  /** The names of resources that the exception carries. */
  private static List<String> refused(AuthorizationException refusal) {
    if (refusal instanceof TopicAuthorizationException topics
        && !topics.unauthorizedTopics().isEmpty()) {
      return List.copyOf(topics.unauthorizedTopics());
    }
    if (refusal instanceof GroupAuthorizationException group && group.groupId() != null) {
      return List.of(group.groupId());
    }
    return List.of();
  }

  /** What may be names of resources in what the exceptions say. */
  private static List<String> words(List<Throwable> chain) {
    return chain.stream()
        .flatMap(e -> NAME_END.splitAsStream(String.valueOf(e.getMessage())))
        .flatMap(word -> Stream.of(word, word.replaceAll("\\.+$", "")))
        .distinct()
        .toList();
  }

  /** What the placeholders of the table stand for in this run. */
  private static Map<String, String> values(CommandSpec command) {
    Map<String, String> values = new LinkedHashMap<>();
    option(command, "--topic-prefix").ifPresent(value -> values.put("prefix", value));
    option(command, "--router-name").ifPresent(value -> values.put("router", value));
    option(command, "--from-topic").ifPresent(value -> values.put("documents", value));
    return values;
  }

  private static Optional<String> option(CommandSpec command, String name) {
    return Optional.ofNullable(command.findOption(name))
        .map(OptionSpec::getValue)
        .flatMap(
            value ->
                value instanceof Collection<?> several
                    ? several.stream().findFirst()
                    : Optional.of(value))
        .map(Object::toString);
  }

  /** The command's names below {@code dume}. */
  private static String names(CommandSpec command) {
    CommandSpec parent = command.parent();
    return parent == null || parent.parent() == null
        ? command.name()
        : names(parent) + " " + command.name();
  }
}
