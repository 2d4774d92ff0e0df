package io.dume.extractor;

import io.dume.schemas.kafka.Topics;
import io.dume.schemas.wire.Wire;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/** Puts a flush on its topics, with the offsets that it covers. */
final class Flusher {
  private final FlushTransaction transaction;
  private final Topics topics;

  Flusher(FlushTransaction transaction, Topics topics) {
    this.transaction = transaction;
    this.topics = topics;
  }

  /**
   * Opens a flush and sends it. As {@link FlushTransaction#run}: whoever asked must say then what
   * became of it.
   */
  Optional<KafkaException> publish(
      Extraction extraction, Instant now, Supplier<ConsumerGroupMetadata> group) {
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    extraction
        .offsets()
        .forEach(
            (partition, position) ->
                offsets.put(
                    new TopicPartition(topics.tokenBatches(), partition),
                    new OffsetAndMetadata(position)));
    return transaction.run(
        sender -> extraction.flush(now, output -> sender.accept(message(output))), offsets, group);
  }

  private ProducerRecord<byte[], byte[]> message(FlushOutput output) {
    if (output instanceof FlushOutput.Tile tile) {
      return new ProducerRecord<>(
          topics.partialStatistics(), tile.partition(), tile.key(), Wire.encode(tile.tile()));
    }
    if (output instanceof FlushOutput.Counted counted) {
      return new ProducerRecord<>(
          topics.countedIds(), counted.partition(), counted.key(), counted.value());
    }
    if (output instanceof FlushOutput.Letter letter) {
      return new ProducerRecord<>(topics.deadLetters(), 0, null, letter.value());
    }
    FlushOutput.Manifest manifest = (FlushOutput.Manifest) output;
    return new ProducerRecord<>(
        topics.flushManifests(), 0, manifest.key(), Wire.encode(manifest.manifest()));
  }
}
