package io.dume.extractor;

import io.dume.schemas.message.Fit;
import io.dume.schemas.message.PartitionOffset;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/** Where a worker goes on: at what its group committed, and else where the fit begins. */
final class StartPositions {
  private final Fit fit;
  private final Consumer<byte[], byte[]> consumer;
  private final FlushedOffsets flushed;

  /**
   * @param flushed asked only for partitions that have records but no committed offset
   */
  StartPositions(Fit fit, Consumer<byte[], byte[]> consumer, FlushedOffsets flushed) {
    this.fit = fit;
    this.consumer = consumer;
    this.flushed = flushed;
  }

  /**
   * @throws ExtractorException if a partition is not the fit's, or was counted before but its
   *     committed offset is gone
   */
  Map<TopicPartition, Long> of(Collection<TopicPartition> partitions) {
    Map<TopicPartition, OffsetAndMetadata> committed =
        Attempts.at("committed offsets", () -> consumer.committed(new HashSet<>(partitions)));
    Map<TopicPartition, Long> positions = new HashMap<>();
    Map<TopicPartition, Long> fresh = new HashMap<>();
    for (TopicPartition partition : partitions) {
      OffsetAndMetadata offset = committed.get(partition);
      if (offset == null) {
        fresh.put(partition, start(partition));
      } else {
        positions.put(partition, offset.offset());
      }
    }
    requireNeverFlushed(fresh);
    positions.putAll(fresh);
    return positions;
  }

  private long start(TopicPartition partition) {
    return fit.getStart().stream()
        .filter(p -> p.getPartition() == partition.partition())
        .mapToLong(PartitionOffset::getOffset)
        .findFirst()
        .orElseThrow(
            () ->
                new ExtractorException(
                    "partition %d of %s was added after the fit began: it can't be counted in it"
                        .formatted(partition.partition(), partition.topic())));
  }

  /** To count records again that were counted would end the fit. */
  private void requireNeverFlushed(Map<TopicPartition, Long> fresh) {
    Map<TopicPartition, Long> ends =
        Attempts.at("end offsets", () -> consumer.endOffsets(fresh.keySet()));
    if (fresh.entrySet().stream().allMatch(p -> ends.get(p.getKey()) <= p.getValue())) {
      return;
    }
    Map<Integer, Long> counted = Attempts.at("manifests of flushes", flushed::read);
    fresh.forEach(
        (partition, start) -> {
          long to = counted.getOrDefault(partition.partition(), start);
          if (to > start) {
            throw new ExtractorException(
                "%s has no committed offset for partition %d of %s, though flushes of the fit cover it up to offset %d: the cluster has let it expire (offsets.retention.minutes); commit offset %d for the group (kafka-consumer-groups --reset-offsets --to-offset) and start again"
                    .formatted(
                        "group " + consumer.groupMetadata().groupId(),
                        partition.partition(),
                        partition.topic(),
                        to,
                        to));
          }
        });
  }
}
