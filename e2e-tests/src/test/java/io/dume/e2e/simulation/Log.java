package io.dume.e2e.simulation;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.utils.Bytes;

/** A partition of a topic. Offsets are places in the list; markers of transactions take one too. */
final class Log {
  /** What became of records that were written together. */
  static final class Transaction {
    enum State {
      OPEN,
      COMMITTED,
      ABORTED
    }

    /** Of records that were written outside of any. */
    static final Transaction NONE = new Transaction(State.COMMITTED);

    private State state;

    Transaction() {
      this(State.OPEN);
    }

    private Transaction(State state) {
      this.state = state;
    }

    boolean open() {
      return state == State.OPEN;
    }

    boolean committed() {
      return state == State.COMMITTED;
    }

    void end(State end) {
      state = end;
    }
  }

  /**
   * A record, or the end of a transaction.
   *
   * @param orderTime what the header of an order says, or 0
   */
  record Entry(
      long offset, byte[] key, byte[] value, long orderTime, boolean marker, Transaction in) {}

  /** What a reader got, and where it goes on. */
  record Batch(List<Entry> entries, long next) {}

  private final List<Entry> entries = new ArrayList<>();
  private final Set<Long> compacted = new HashSet<>();

  /** Before here no transaction is open, and none will be. */
  private int settled;

  long append(byte[] key, byte[] value, long orderTime, Transaction in) {
    entries.add(new Entry(entries.size(), key, value, orderTime, false, in));
    return entries.size() - 1L;
  }

  void mark(Transaction ended) {
    entries.add(new Entry(entries.size(), new byte[0], new byte[0], 0, true, ended));
  }

  /** The end of what was written, committed or not. */
  long end() {
    return entries.size();
  }

  /** The end of what can be read: the first record of a transaction that is open. */
  long stable() {
    while (settled < entries.size() && !entries.get(settled).in().open()) {
      settled++;
    }
    return settled;
  }

  /** Reads as with isolation level read_committed. */
  Batch read(long from, int most) {
    long stable = stable();
    List<Entry> found = new ArrayList<>();
    long at = from;
    while (at < stable && found.size() < most) {
      Entry entry = entries.get((int) at++);
      if (counts(entry)) {
        found.add(entry);
      }
    }
    return new Batch(found, at);
  }

  private boolean counts(Entry entry) {
    return !entry.marker() && entry.in().committed() && !compacted.contains(entry.offset());
  }

  /** All that is committed, in order. */
  List<Entry> committed() {
    return read(0, Integer.MAX_VALUE).entries();
  }

  /** Drops records whose key comes again later. */
  void compact() {
    Set<Bytes> later = new HashSet<>();
    for (long at = stable() - 1; at >= 0; at--) {
      Entry entry = entries.get((int) at);
      if (counts(entry) && !later.add(Bytes.wrap(entry.key()))) {
        compacted.add(entry.offset());
      }
    }
  }

  /** The record at an offset, if it can be read. */
  Optional<Entry> at(long offset) {
    return Optional.of(entries.get((int) offset)).filter(this::counts);
  }
}
