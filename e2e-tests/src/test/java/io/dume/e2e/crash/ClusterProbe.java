package io.dume.e2e.crash;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.TransactionState;

/** Looks at the broker, which may be down: then nothing is so. */
final class ClusterProbe implements AutoCloseable {
  private final Admin admin;

  ClusterProbe(String bootstrap) {
    this.admin =
        Admin.create(
            Map.of(
                "bootstrap.servers",
                bootstrap,
                "default.api.timeout.ms",
                "3000",
                "request.timeout.ms",
                "2000"));
  }

  /** Whether a transaction of this id is open. */
  boolean inTransaction(String transactionalId) throws InterruptedException {
    try {
      return admin
              .describeTransactions(List.of(transactionalId))
              .description(transactionalId)
              .get()
              .state()
          == TransactionState.ONGOING;
    } catch (ExecutionException e) {
      return false;
    }
  }

  /** Whether the groups that this client is known from have all lost it. */
  boolean isForgotten(String clientId, String transactionalId) throws InterruptedException {
    try {
      Collection<String> groups =
          admin.listGroups().all().get().stream()
              .map(group -> group.groupId())
              .filter(group -> group.contains("feature-extractor"))
              .toList();
      boolean member = false;
      for (ConsumerGroupDescription group :
          admin.describeConsumerGroups(groups).all().get().values()) {
        member |= group.members().stream().anyMatch(m -> m.clientId().equals(clientId));
      }
      TransactionState state =
          admin
              .describeTransactions(List.of(transactionalId))
              .description(transactionalId)
              .get()
              .state();
      return !groups.isEmpty()
          && !member
          && state != TransactionState.ONGOING
          && state != TransactionState.PREPARE_ABORT;
    } catch (ExecutionException e) {
      return false;
    }
  }

  @Override
  public void close() {
    admin.close();
  }
}
