package io.dume.topology;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.processor.StreamPartitioner;

/**
 * A message that knows where it goes.
 *
 * @param partition one partition of the topic, or nothing for all of them
 * @param bytes the encoded message
 */
record Addressed(OptionalInt partition, byte[] bytes) {
  static Addressed to(int partition, byte[] bytes) {
    return new Addressed(OptionalInt.of(partition), bytes);
  }

  static Addressed toAll(byte[] bytes) {
    return new Addressed(OptionalInt.empty(), bytes);
  }

  static Serializer<Addressed> serializer() {
    return (topic, message) -> message.bytes();
  }

  static StreamPartitioner<byte[], Addressed> partitioner() {
    return (topic, key, message, partitions) -> Optional.of(message.partitions(partitions));
  }

  private Set<Integer> partitions(int of) {
    if (partition.isEmpty()) {
      return IntStream.range(0, of).boxed().collect(Collectors.toUnmodifiableSet());
    }
    if (partition.getAsInt() >= of) {
      throw new IllegalStateException(
          "partition %d of a topic that has %d: partitions must not change"
              .formatted(partition.getAsInt(), of));
    }
    return Set.of(partition.getAsInt());
  }
}
