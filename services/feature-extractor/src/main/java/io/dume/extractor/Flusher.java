package io.dume.extractor;

import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.CoveredRange;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.Id;
import io.dume.schemas.wire.Wire;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/** Puts a flush on its topics: tiles, dead letters and the manifest, with the offsets it covers. */
final class Flusher {
  private final FlushTransaction transaction;
  private final Topics topics;
  private final Fit fit;
  private final String worker;
  private final Clock clock;

  Flusher(FlushTransaction transaction, Topics topics, Fit fit, String worker, Clock clock) {
    this.transaction = transaction;
    this.topics = topics;
    this.fit = fit;
    this.worker = worker;
    this.clock = clock;
  }

  /** As {@link FlushTransaction#run}. */
  Optional<KafkaException> publish(
      Id flush,
      Accumulator accumulator,
      List<CoveredRange> ranges,
      PendingLetters letters,
      Supplier<ConsumerGroupMetadata> group) {
    return transaction.run(
        sender -> send(flush, accumulator, ranges, letters, sender), offsets(ranges), group);
  }

  private void send(
      Id flush,
      Accumulator accumulator,
      List<CoveredRange> ranges,
      PendingLetters letters,
      FlushTransaction.Sender sender) {
    FlushManifest manifest =
        new FlushMessages(flush, fit, worker)
            .send(
                accumulator,
                ranges,
                clock.instant(),
                (partition, key, tile) ->
                    sender.accept(
                        new ProducerRecord<>(
                            topics.partialStatistics(), partition, key, Wire.encode(tile))));
    for (byte[] letter : letters.letters()) {
      sender.accept(new ProducerRecord<>(topics.deadLetters(), 0, null, letter));
    }
    sender.accept(
        new ProducerRecord<>(topics.flushManifests(), 0, flush.bytes(), Wire.encode(manifest)));
  }

  private Map<TopicPartition, OffsetAndMetadata> offsets(List<CoveredRange> ranges) {
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    for (CoveredRange range : ranges) {
      offsets.put(
          new TopicPartition(topics.tokenBatches(), range.getPartition()),
          new OffsetAndMetadata(range.getTo()));
    }
    return offsets;
  }
}
