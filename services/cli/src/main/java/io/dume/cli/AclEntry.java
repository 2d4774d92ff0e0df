package io.dume.cli;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.utils.SecurityUtils;

/**
 * One line of the table of access control lists: what a service may do with one resource.
 *
 * @param service whose it is
 * @param type topic, group or transactional id
 * @param pattern whether the name is all of the resource's or its beginning
 * @param name of the resource; may hold placeholders such as {@code <prefix>}
 * @param operations what is allowed, at least one
 * @param reason what for, may be empty
 */
record AclEntry(
    String service,
    ResourceType type,
    PatternType pattern,
    String name,
    List<AclOperation> operations,
    String reason) {

  private static final String WILDCARD = "*";

  AclEntry {
    operations = List.copyOf(operations);
  }

  /** A copy with placeholders replaced; those without a value stay. */
  AclEntry resolved(Map<String, String> values) {
    String resolved = name;
    for (Map.Entry<String, String> value : values.entrySet()) {
      resolved = resolved.replace("<" + value.getKey() + ">", value.getValue());
    }
    // Kafka knows no empty beginning: all names is a pattern of its own.
    return resolved.isEmpty()
        ? new AclEntry(service, type, PatternType.LITERAL, WILDCARD, operations, reason)
        : new AclEntry(service, type, pattern, resolved, operations, reason);
  }

  AclEntry withOperations(List<AclOperation> some) {
    return new AclEntry(service, type, pattern, name, some, reason);
  }

  boolean hasPlaceholder() {
    return name.contains("<");
  }

  /** Whether it is about the resource of that name. */
  boolean covers(String resource) {
    return pattern == PatternType.PREFIXED
        ? resource.startsWith(name)
        : resource.equals(name) || name.equals(WILDCARD);
  }

  /** As Kafka's own lists have it, one binding an operation. */
  List<AclBinding> bindings(String principal) {
    return operations.stream()
        .map(
            operation ->
                new AclBinding(
                    new ResourcePattern(type, name, pattern),
                    new AccessControlEntry(principal, "*", operation, AclPermissionType.ALLOW)))
        .toList();
  }

  /** {@code Read, Write on topic dume.control}, {@code Read on groups dume.feature-extractor-*}. */
  @Override
  public String toString() {
    return "%s on %s".formatted(operationNames(), resource());
  }

  String operationNames() {
    return operations.stream().map(SecurityUtils::operationName).collect(Collectors.joining(", "));
  }

  String resource() {
    String kind = kind().replace('-', ' ');
    return pattern == PatternType.PREFIXED ? "%ss %s*".formatted(kind, name) : kind + " " + name;
  }

  /** The option of {@code kafka-acls.sh}, without its dashes. */
  String kind() {
    return type.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
