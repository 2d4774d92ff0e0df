package io.dume.schemas.kafka;

import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.wire.MalformedMessageException;
import io.dume.schemas.wire.Wire;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The manifests of all flushes that workers committed. Safe for use by several threads. */
public final class ManifestLog {
  private static final Logger LOG = LoggerFactory.getLogger(ManifestLog.class);
  private static final Duration POLL = Duration.ofMillis(100);

  private final KafkaSettings kafka;
  private final TopicPartition manifests;

  /**
   * The manifests of an installation.
   *
   * @param kafka how the cluster is reached
   * @param topics the installation
   */
  public ManifestLog(KafkaSettings kafka, Topics topics) {
    this.kafka = kafka;
    this.manifests = new TopicPartition(topics.flushManifests(), 0);
  }

  /**
   * Reads all manifests that there are now, in the order of the log. A record that is none is
   * passed over with a warning: it is the sequencer that sets it aside.
   *
   * @param action takes each
   */
  public void forEach(Consumer<? super FlushManifest> action) {
    try (KafkaConsumer<byte[], byte[]> reader =
        new KafkaConsumer<>(
            kafka.reader(Map.of()), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      reader.assign(List.of(manifests));
      reader.seekToBeginning(List.of(manifests));
      long end = reader.endOffsets(List.of(manifests)).get(manifests);
      while (reader.position(manifests) < end) {
        for (ConsumerRecord<byte[], byte[]> record : reader.poll(POLL)) {
          read(record, action);
        }
      }
    }
  }

  private static void read(
      ConsumerRecord<byte[], byte[]> record, Consumer<? super FlushManifest> action) {
    FlushManifest manifest;
    try {
      byte[] value = record.value() == null ? new byte[0] : record.value();
      manifest = Wire.decode(value, FlushManifest.class);
    } catch (MalformedMessageException e) {
      LOG.warn("{} offset {}: {}", record.topic(), record.offset(), e.getMessage());
      return;
    }
    action.accept(manifest);
  }
}
