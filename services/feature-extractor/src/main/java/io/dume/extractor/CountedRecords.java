package io.dume.extractor;

import io.dume.schemas.message.Id;
import io.dume.schemas.wire.Ids;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Which records of a worker's partitions are counted in its fit: those that committed flushes hold,
 * and, apart from them, those of the open flush. Not thread-safe.
 */
final class CountedRecords {
  /** Takes an id that the open flush counts. */
  interface Sink {
    void accept(int partition, Id id, Id slot);
  }

  private static final class Partition {
    private final CountedIds committed = new CountedIds();
    private CountedIds pending = new CountedIds();

    /** Everything before this offset of the topic of counted ids is in the table. */
    private long restored;
  }

  private final byte[] fit;
  private final Map<Integer, Partition> partitions = new TreeMap<>();

  CountedRecords(Id fit) {
    this.fit = fit.bytes();
  }

  /** Has these partitions and no others. Tables of those that it had before stay, to be read on. */
  void assign(Collection<Integer> assigned) {
    partitions.keySet().retainAll(assigned);
    assigned.forEach(partition -> partitions.computeIfAbsent(partition, p -> new Partition()));
  }

  private Partition of(int partition) {
    Partition found = partitions.get(partition);
    if (found == null) {
      throw new IllegalStateException("partition %d is not assigned".formatted(partition));
    }
    return found;
  }

  /** From where on the topic of counted ids has something new. */
  long from(int partition) {
    return of(partition).restored;
  }

  /**
   * The next record of the topic of counted ids.
   *
   * @return what is wrong with it, and then it changes nothing
   */
  Optional<String> restore(int partition, long offset, byte[] key, Optional<byte[]> value) {
    Partition into = of(partition);
    into.restored = Math.max(into.restored, offset + 1);
    if (key.length != 2 * Ids.BYTES) {
      return Optional.of(
          "a key of %d bytes where fit and record have %d".formatted(key.length, 2 * Ids.BYTES));
    }
    if (!Arrays.equals(key, 0, Ids.BYTES, fit, 0, Ids.BYTES)) {
      return Optional.empty();
    }
    Id id = new Id(Arrays.copyOfRange(key, Ids.BYTES, key.length));
    if (value.isEmpty()) {
      into.committed.remove(id);
    } else if (value.get().length != Ids.BYTES) {
      return Optional.of(
          "a value of %d bytes where a slot has %d".formatted(value.get().length, Ids.BYTES));
    } else {
      into.committed.put(id, new Id(value.get()));
    }
    return Optional.empty();
  }

  /**
   * Whether a record counts already.
   *
   * @param live whether the statistics of a slot are still the fit's
   */
  boolean counted(int partition, Id id, Predicate<Id> live) {
    Partition at = of(partition);
    return at.pending.slot(id).isPresent() || at.committed.slot(id).filter(live).isPresent();
  }

  /** Whether no committed flush of the fit kept an id in any of the partitions. */
  boolean knowsNone() {
    return partitions.values().stream().allMatch(at -> at.committed.size() == 0);
  }

  /** The open flush counts a record. */
  void add(int partition, Id id, Id slot) {
    of(partition).pending.put(id, slot);
  }

  void forEachPending(Sink sink) {
    partitions.forEach((p, at) -> at.pending.forEach((id, slot) -> sink.accept(p, id, slot)));
  }

  /** The open flush is committed. */
  void committed() {
    partitions.values().forEach(at -> at.pending.forEach(at.committed::put));
    dropped();
  }

  /** The open flush came to nothing. */
  void dropped() {
    for (Partition at : partitions.values()) {
      if (at.pending.size() > 0) {
        at.pending = new CountedIds();
      }
    }
  }
}
