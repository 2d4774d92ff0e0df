package io.dume.administration;

import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;

/** Where a replay begins in token-batches. */
public sealed interface ReplayStart {
  /** With the first record that ever was; refused if the topic no longer has it. */
  record Beginning() implements ReplayStart {}

  /** With the first record that the topic still has. */
  record Earliest() implements ReplayStart {}

  /**
   * With the first record of a time, by the records' timestamps.
   *
   * @param time the time
   */
  record Time(Instant time) implements ReplayStart {}

  /**
   * With an offset of each partition.
   *
   * @param offsets by partition; a partition that is not named begins with its first record
   */
  record Offsets(Map<Integer, Long> offsets) implements ReplayStart {
    public Offsets {
      offsets.forEach(
          (partition, offset) -> {
            if (partition < 0 || offset < 0) {
              throw new IllegalArgumentException(
                  "start at partition %d, offset %d: neither is negative"
                      .formatted(partition, offset));
            }
          });
      offsets = Map.copyOf(new TreeMap<>(offsets));
    }
  }
}
