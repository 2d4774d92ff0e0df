package io.dume.topology;

import io.dume.topology.fold.Incoming;
import java.util.Optional;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/** How records come in: bytes and nothing else, so that no record can stop the stream. */
final class Arrivals {
  private Arrivals() {}

  /** Streams stops at a negative timestamp unless told what to take instead. */
  static TimestampExtractor anyTimestamp() {
    return (record, partitionTime) ->
        record.timestamp() >= 0 ? record.timestamp() : Math.max(0, partitionTime);
  }

  static Incoming of(Record<byte[], byte[]> record, ProcessorContext<?, ?> context) {
    RecordMetadata at =
        context
            .recordMetadata()
            .orElseThrow(() -> new IllegalStateException("a record without coordinates"));
    return new Incoming(
        new TopicPartition(at.topic(), at.partition()),
        at.offset(),
        record.timestamp(),
        Optional.ofNullable(record.key()),
        Optional.ofNullable(record.value()),
        record.headers());
  }
}
