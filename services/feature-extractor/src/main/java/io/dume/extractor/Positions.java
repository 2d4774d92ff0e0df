package io.dume.extractor;

import io.dume.schemas.message.CoveredRange;
import io.dume.schemas.message.Duplicate;
import io.dume.schemas.message.Id;
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
    private List<Duplicate> duplicates = new ArrayList<>();
    private long leftOut;

    private Covered(long position) {
      start(position);
    }

    private void start(long position) {
      flushed = position;
      next = position;
      setAside = new ArrayList<>();
      duplicates = new ArrayList<>();
      leftOut = 0;
    }
  }

  private final Map<Integer, Covered> partitions = new TreeMap<>();

  void assign(int partition, long position) {
    partitions.put(partition, new Covered(position));
  }

  void clear() {
    partitions.clear();
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

  void duplicate(int partition, long offset, Id id) {
    processed(partition, offset);
    of(partition).duplicates.add(new Duplicate(offset, id));
  }

  void leftOut(int partition, long offset) {
    processed(partition, offset);
    of(partition).leftOut++;
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
                new CoveredRange(
                    partition,
                    c.flushed,
                    c.next,
                    List.copyOf(c.setAside),
                    List.copyOf(c.duplicates),
                    c.leftOut));
          }
        });
    return ranges;
  }

  /** Everything processed is flushed now. */
  void flushed() {
    partitions.values().forEach(c -> c.start(c.next));
  }

  /** Nothing was read since the last flush. */
  void rollBack() {
    partitions.values().forEach(c -> c.start(c.flushed));
  }

  /** Records since the last flush whose id was counted before. */
  int duplicates() {
    return partitions.values().stream().mapToInt(c -> c.duplicates.size()).sum();
  }

  /** Records since the last flush of domains that the fit leaves out. */
  long leftOut() {
    return partitions.values().stream().mapToLong(c -> c.leftOut).sum();
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
