package io.dume.e2e.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.utils.SecurityUtils;

/**
 * The entries of the services' access control lists, and what a service does without one.
 *
 * @param limit within which a service that lacks something must have ended
 */
record Entries(SecureInstallation installation, Duration limit) {

  /** Writes those of a service to the cluster, as the command for it does. */
  void create(String service) {
    installation.run(
        SecureInstallation.ADMIN,
        "acls",
        service,
        "--principal",
        "User:" + service,
        "--documents",
        Work.DOCUMENTS,
        "--create");
  }

  /** The entry for topics that are missing. */
  AclBinding creation(String service) {
    return installation.lists(service).stream()
        .filter(Entries::isCreation)
        .findFirst()
        .orElseThrow();
  }

  private static boolean isCreation(AclBinding entry) {
    return entry.entry().operation() == AclOperation.CREATE;
  }

  /** All but the one for topics that are missing. */
  List<AclBinding> of(String service) {
    return of(service, entry -> false);
  }

  /** All but the one for topics that are missing, some of them first. */
  List<AclBinding> of(String service, Predicate<AclBinding> first) {
    return installation.lists(service).stream()
        .filter(entry -> !isCreation(entry))
        .sorted(Comparator.comparing((AclBinding entry) -> !first.test(entry)))
        .toList();
  }

  static boolean isWrite(AclBinding entry, String topic) {
    return entry.entry().operation() == AclOperation.WRITE && entry.pattern().name().equals(topic);
  }

  /** Runs a service that lacks an entry, which it must say and end. */
  void assertRefused(String service, AclBinding entry, Object... command)
      throws InterruptedException, ExecutionException {
    installation.remove(service, entry);
    try {
      ServiceRun run = installation.start(service, command);

      int status = run.await(limit);

      assertThat(status).as(run.toString()).isEqualTo(1);
      // What Kafka Streams says has several lines.
      String said = run.err();
      String last = said.substring(Math.max(0, said.lastIndexOf("dume " + command[0])));
      assertThat(last)
          .as(run.toString())
          .startsWith("dume " + command[0])
          .contains("access control lists")
          .contains(entry.pattern().name())
          .contains(SecurityUtils.operationName(entry.entry().operation()));
    } finally {
      installation.restore(service, entry);
    }
  }
}
