package io.dume.administration;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.PartitionOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;

/** Asks the cluster where token-batches begins and ends. Thread-safe. */
final class TokenBatchOffsets {
  private final KafkaSettings kafka;
  private final Topics topics;

  TokenBatchOffsets(KafkaSettings kafka, Topics topics) {
    this.kafka = kafka;
    this.topics = topics;
  }

  /**
   * By partition, the position that readers can get to: records of transactions that are open still
   * are behind it, and those of one that never ends are never read.
   */
  List<PartitionOffset> ends() throws InterruptedException {
    try (Admin admin = Admin.create(kafka.admin())) {
      return ends(admin);
    }
  }

  /** The same through a connection that is open, for who asks again and again. */
  List<PartitionOffset> ends(Admin admin) throws InterruptedException {
    try {
      int partitions =
          Topics.partitions(admin, topics.tokenBatches())
              .orElseThrow(
                  () ->
                      new AdministrationException(
                          "topic %s does not exist at %s: start `dume up` or a service first, or check --topic-prefix"
                              .formatted(topics.tokenBatches(), kafka.bootstrapServers())));
      List<TopicPartition> all = new ArrayList<>();
      for (int p = 0; p < partitions; p++) {
        all.add(new TopicPartition(topics.tokenBatches(), p));
      }
      Map<TopicPartition, ListOffsetsResultInfo> found =
          admin
              .listOffsets(
                  all.stream()
                      .collect(Collectors.toMap(Function.identity(), p -> OffsetSpec.latest())),
                  new ListOffsetsOptions(IsolationLevel.READ_COMMITTED))
              .all()
              .get();
      return all.stream()
          .map(p -> new PartitionOffset(p.partition(), found.get(p).offset()))
          .toList();
    } catch (ExecutionException e) {
      throw new AdministrationException(
          "the offsets of %s could not be read: %s"
              .formatted(topics.tokenBatches(), e.getCause().getMessage()),
          e.getCause());
    }
  }
}
