package io.dume.extractor;

import io.dume.schemas.message.CoveredRange;
import io.dume.schemas.message.SetAside;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How far each partition of token-batches has been flushed and processed. A range covers positions,
 * not records: what transactions and compaction leave out is part of it, so ranges of consecutive
 * flushes touch. Not thread-safe.
 */
final class Positions {
  private static final class Covered {
    private long flushed;
    private long next;
    private List<SetAside> setAside = new ArrayList<>();

    private Covered(long position) {
      this.flushed = position;
      this.next = position;
    }
  }

  private final Map<Integer, Covered> partitions = new TreeMap<>();

  void assign(int partition, long position) {
    partitions.put(partition, new Covered(position));
  }

  void remove(int partition) {
    partitions.remove(partition);
  }

  void processed(int partition, long offset) {
    Covered covered = of(partition);
    if (offset < covered.next) {
      throw new IllegalStateException(
          "offset %d of partition %d was read again: everything before %d is processed"
              .formatted(offset, partition, covered.next));
    }
    covered.next = offset + 1;
  }

  void setAside(int partition, long offset, Reason reason) {
    processed(partition, offset);
    of(partition).setAside.add(new SetAside(offset, reason.wire()));
  }

  /** Everything before a position has been processed or holds no record. */
  void advance(int partition, long position) {
    Covered covered = of(partition);
    covered.next = Math.max(covered.next, position);
  }

  private Covered of(int partition) {
    Covered covered = partitions.get(partition);
    if (covered == null) {
      throw new IllegalStateException("partition %d is not assigned".formatted(partition));
    }
    return covered;
  }

  /** Whether nothing new was read since the last flush. */
  boolean nothingNew() {
    return partitions.values().stream().allMatch(c -> c.next == c.flushed);
  }

  /** What the next flush covers: partitions with something new. */
  List<CoveredRange> ranges() {
    List<CoveredRange> ranges = new ArrayList<>();
    partitions.forEach(
        (partition, c) -> {
          if (c.next > c.flushed) {
            ranges.add(
                new CoveredRange(partition, c.flushed, c.next, List.copyOf(c.setAside), List.of()));
          }
        });
    return ranges;
  }

  /** Everything processed is flushed now. */
  void flushed() {
    for (Covered c : partitions.values()) {
      c.flushed = c.next;
      c.setAside = new ArrayList<>();
    }
  }

  /** Flushed position by assigned partition. */
  Map<Integer, Long> flushedPositions() {
    Map<Integer, Long> flushed = new TreeMap<>();
    partitions.forEach((partition, c) -> flushed.put(partition, c.flushed));
    return flushed;
  }

  /** Processed position by assigned partition. */
  Map<Integer, Long> nextPositions() {
    Map<Integer, Long> next = new TreeMap<>();
    partitions.forEach((partition, c) -> next.put(partition, c.next));
    return next;
  }
}
