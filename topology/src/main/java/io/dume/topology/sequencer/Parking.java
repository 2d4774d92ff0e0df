package io.dume.topology.sequencer;

import io.dume.schemas.message.Id;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Function;

/** The manifests that wait for the control log, in the order in which they came. */
final class Parking {
  /** What may wait at once; beyond that a manifest is judged at once. */
  private static final long MAX_BYTES = 64L << 20;

  private final SequencerMemory memory;
  private final Duration patience;
  private final TreeMap<Long, Submission> parked;
  private long bytes;

  Parking(SequencerMemory memory, Duration patience) {
    this.memory = memory;
    this.patience = patience;
    this.parked = new TreeMap<>(memory.parked());
    this.bytes = parked.values().stream().mapToLong(Submission::bytes).sum();
  }

  boolean holds(Id fit) {
    return parked.values().stream().anyMatch(p -> p.manifest().getFit().equals(fit));
  }

  boolean hasRoom(Submission submission) {
    return !patience.isZero() && bytes + submission.bytes() <= MAX_BYTES;
  }

  void park(Submission submission) {
    long number = parked.isEmpty() ? 0 : parked.lastKey() + 1;
    parked.put(number, submission);
    bytes += submission.bytes();
    memory.park(number, submission);
  }

  /**
   * Judges what waits again, and lets go what need not or may not wait any more. Manifests of one
   * fit keep their order: one that waits holds up those behind it.
   */
  void release(
      Instant now, Function<Submission, Verdict> judge, BiConsumer<Verdict, Submission> outcome) {
    Set<Id> heldUp = new HashSet<>();
    Iterator<Map.Entry<Long, Submission>> queue = parked.entrySet().iterator();
    while (queue.hasNext()) {
      Map.Entry<Long, Submission> entry = queue.next();
      // Not after the removal, which may leave its neighbour in this entry.
      long number = entry.getKey();
      Submission submission = entry.getValue();
      if (heldUp.contains(submission.manifest().getFit())) {
        continue;
      }
      Verdict verdict = judge.apply(submission);
      Instant deadline = submission.letter().getSetAsideAt().plus(patience);
      if (verdict instanceof Verdict.Waits && now.isBefore(deadline)) {
        heldUp.add(submission.manifest().getFit());
        continue;
      }
      queue.remove();
      bytes -= submission.bytes();
      memory.unpark(number);
      outcome.accept(verdict, submission);
    }
  }
}
