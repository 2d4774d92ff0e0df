package io.dume.administration;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.SlotCount;
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

/** Tokens by domain of a fit, as its flushes' manifests have them. */
final class CountedTokens {
  private static final Logger LOG = LoggerFactory.getLogger(CountedTokens.class);
  private static final Duration POLL = Duration.ofMillis(100);

  private final KafkaSettings kafka;
  private final Topics topics;

  CountedTokens(KafkaSettings kafka, Topics topics) {
    this.kafka = kafka;
    this.topics = topics;
  }

  /** Reads all manifests that there are now; held-out tokens don't count. */
  Map<String, Long> of(Id fit) {
    Map<String, Long> tokens = new HashMap<>();
    TopicPartition manifests = new TopicPartition(topics.flushManifests(), 0);
    try (KafkaConsumer<byte[], byte[]> reader =
        new KafkaConsumer<>(
            kafka.reader(Map.of()), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      reader.assign(List.of(manifests));
      reader.seekToBeginning(List.of(manifests));
      long end = reader.endOffsets(List.of(manifests)).get(manifests);
      while (reader.position(manifests) < end) {
        for (ConsumerRecord<byte[], byte[]> record : reader.poll(POLL)) {
          manifest(record)
              .filter(manifest -> manifest.getFit().equals(fit))
              .ifPresent(manifest -> add(manifest, tokens));
        }
      }
    }
    return tokens;
  }

  private static void add(FlushManifest manifest, Map<String, Long> tokens) {
    for (SlotCount slot : manifest.getSlots()) {
      if (!slot.getHeldOut()) {
        tokens.merge(slot.getDomain(), slot.getTokens(), Long::sum);
      }
    }
  }

  private static Optional<FlushManifest> manifest(ConsumerRecord<byte[], byte[]> record) {
    try {
      byte[] value = record.value() == null ? new byte[0] : record.value();
      return Optional.of(Wire.decode(value, FlushManifest.class));
    } catch (MalformedMessageException e) {
      // The sequencer is the one that puts it into dead-letters.
      LOG.warn("{} offset {}: {}", record.topic(), record.offset(), e.getMessage());
      return Optional.empty();
    }
  }
}
