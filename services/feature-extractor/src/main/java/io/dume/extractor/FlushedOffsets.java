package io.dume.extractor;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.CoveredRange;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.wire.MalformedMessageException;
import io.dume.schemas.wire.Wire;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How far the flushes of a fit go by their manifests, whatever the consumer group remembers. */
final class FlushedOffsets {
  private static final Logger LOG = LoggerFactory.getLogger(FlushedOffsets.class);
  private static final Duration POLL = Duration.ofMillis(100);

  private final KafkaSettings kafka;
  private final TopicPartition manifests;
  private final Fit fit;

  FlushedOffsets(KafkaSettings kafka, Topics topics, Fit fit) {
    this.kafka = kafka;
    this.manifests = new TopicPartition(topics.flushManifests(), 0);
    this.fit = fit;
  }

  /**
   * Reads all manifests there are now.
   *
   * @return by partition of token-batches, the end of the ranges that touch from the fit's start on
   */
  Map<Integer, Long> read() {
    Map<Integer, Long> next = new HashMap<>();
    for (PartitionOffset start : fit.getStart()) {
      next.put(start.getPartition(), start.getOffset());
    }
    try (KafkaConsumer<byte[], byte[]> reader =
        new KafkaConsumer<>(
            kafka.reader(Map.of()), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      reader.assign(List.of(manifests));
      reader.seekToBeginning(List.of(manifests));
      long end = reader.endOffsets(List.of(manifests)).get(manifests);
      while (reader.position(manifests) < end) {
        for (ConsumerRecord<byte[], byte[]> record : reader.poll(POLL)) {
          decode(record)
              .filter(manifest -> manifest.getFit().equals(fit.getId()))
              .ifPresent(manifest -> extend(next, manifest));
        }
      }
    }
    return next;
  }

  private static Optional<FlushManifest> decode(ConsumerRecord<byte[], byte[]> record) {
    try {
      byte[] value = record.value() == null ? new byte[0] : record.value();
      return Optional.of(Wire.decode(value, FlushManifest.class));
    } catch (MalformedMessageException e) {
      // The sequencer is the one that puts it into dead-letters.
      LOG.warn("{} offset {}: {}", record.topic(), record.offset(), e.getMessage());
      return Optional.empty();
    }
  }

  private static void extend(Map<Integer, Long> next, FlushManifest manifest) {
    for (CoveredRange range : manifest.getRanges()) {
      next.computeIfPresent(
          range.getPartition(),
          (partition, position) ->
              range.getFrom() == position ? Math.max(position, range.getTo()) : position);
    }
  }
}
