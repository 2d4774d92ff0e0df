package io.dume.extractor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dume.embedded.EmbeddedBrokerConfig;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.TransactionListing;
import org.junit.jupiter.api.Test;

/** What a cluster forgets of an idle worker, unless it is configured not to. */
class ExpiryIT extends InstallationFixture {
  @Override
  EmbeddedBrokerConfig configured(EmbeddedBrokerConfig config) {
    return config
        .withBrokerProperty("transactional.id.expiration.ms", "1000")
        .withBrokerProperty("transaction.remove.expired.transaction.cleanup.interval.ms", "300");
  }

  @Test
  void shouldFlushAfterTheBrokerHasForgottenItsTransactionalId() throws Exception {
    try (RunningWorker worker = RunningWorker.start(impatient("one"), new TokenFeatures());
        Admin admin = Admin.create(installation.kafka().admin())) {
      await().atMost(PATIENCE).until(() -> worker.snapshot().partitions() == 4);
      String id = installation.topics().prefix() + "worker-one";
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  admin.listTransactions().all().get().stream()
                      .map(TransactionListing::transactionalId)
                      .noneMatch(id::equals));

      installation.send(0, Batches.batch("late", "math", Batches.tokens(1, 2)));

      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> {
                assertThat(worker.snapshot().records()).isEqualTo(1);
                assertThat(installation.coveredContiguously()).isEqualTo(Map.of(0, 1L));
              });
    }
  }

  @Test
  void shouldRefuseToCountAgainWhenCommittedOffsetsAreGone() throws Exception {
    installation.send(2, Batches.batch("one", "math", Batches.tokens(1)));
    installation.send(2, Batches.batch("two", "math", Batches.tokens(2)));
    try (RunningWorker first = installation.start("one", SOON)) {
      await().atMost(PATIENCE).until(() -> first.snapshot().records() == 2);
      first.stop();
    }
    deleteGroup();

    try (RunningWorker second = installation.start("one", SOON)) {
      assertThat(second.failure())
          .isInstanceOf(ExtractorException.class)
          .hasMessageContaining("no committed offset for partition 2")
          .hasMessageContaining("commit offset 2");
      assertThat(installation.coveredContiguously()).isEqualTo(Map.of(2, 2L));
    }
  }

  /** As the cluster does when a group has been empty for long. */
  private void deleteGroup() throws Exception {
    String prefix = installation.topics().prefix();
    try (Admin admin = Admin.create(installation.kafka().admin())) {
      List<String> groups =
          admin.listGroups().all().get().stream()
              .map(GroupListing::groupId)
              .filter(group -> group.startsWith(prefix))
              .toList();
      assertThat(groups).hasSize(1);
      admin.deleteConsumerGroups(groups).all().get();
    }
  }

  /** The client learns of it only when it has waited for as long as it may. */
  private FeatureExtractorConfig impatient(String instance) {
    Map<String, String> settings = new HashMap<>(installation.kafka().settings());
    settings.put("producer.max.block.ms", "2000");
    return FeatureExtractorConfig.defaults(
            new KafkaSettings(installation.kafka().bootstrapServers(), settings),
            instance,
            installation.config(instance, SOON).fit())
        .withTopics(installation.topics(), Topics.Partitions.DEFAULT)
        .withFlush(SOON);
  }
}
