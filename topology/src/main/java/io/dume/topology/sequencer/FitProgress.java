package io.dume.topology.sequencer;

import io.dume.schemas.message.CoveredRange;
import io.dume.schemas.message.CutRange;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.LargestDiagonal;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.message.SequencerProgress;
import io.dume.schemas.message.SlotCount;
import io.dume.schemas.statistics.FixedPoint;
import io.dume.schemas.statistics.TileGrid;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/** How far a fit has come. Not thread-safe. */
final class FitProgress {
  private final Fit fit;
  private final String router;
  private final TileGrid grid;
  private final FixedPoint fixedPoint;
  private final Map<Integer, Long> start = new TreeMap<>();
  private final Map<Integer, Long> next = new TreeMap<>();
  private final Map<Id, SlotCount> slots = new LinkedHashMap<>();

  /** For each slot the running sum of the flushes' largest diagonal entry of each layer. */
  private final Map<Id, long[]> largest = new HashMap<>();

  private long sequence;
  private long setAside;
  private long duplicates;
  private long leftOut;
  private long cuts;
  private long tokensSinceCut;
  private Optional<Instant> newSince = Optional.empty();
  private Optional<String> failure = Optional.empty();

  /** A fit of nothing; it must have passed the check of fits. */
  FitProgress(String router, Fit fit) {
    this.router = router;
    this.fit = fit;
    this.grid = new TileGrid(fit.getWidth() + 1, fit.getTileSize());
    this.fixedPoint = new FixedPoint(fit.getFractionBits());
    fit.getStart().forEach(s -> start.put(s.getPartition(), s.getOffset()));
    next.putAll(start);
  }

  /** Goes on where a kept state left off. */
  void restore(SequencerProgress kept) {
    kept.getNext().forEach(n -> next.put(n.getPartition(), n.getOffset()));
    kept.getSlots().forEach(s -> slots.put(s.getSlot(), s));
    for (LargestDiagonal l : kept.getLargest()) {
      running(kept.getSlots().get(l.getSlot()).getSlot())[l.getLayer()] = l.getValue();
    }
    sequence = kept.getSequence();
    setAside = kept.getSetAside();
    duplicates = kept.getDuplicates();
    leftOut = kept.getLeftOut();
    cuts = kept.getCuts();
    tokensSinceCut = kept.getTokensSinceCut();
    newSince = kept.getNewSince();
    failure = kept.getFailure();
  }

  SequencerProgress snapshot() {
    List<PartitionOffset> positions = new ArrayList<>();
    next.forEach((partition, offset) -> positions.add(new PartitionOffset(partition, offset)));
    List<SlotCount> counts = List.copyOf(slots.values());
    List<LargestDiagonal> diagonals = new ArrayList<>();
    for (int slot = 0; slot < counts.size(); slot++) {
      long[] layers = running(counts.get(slot).getSlot());
      for (int layer = 0; layer < layers.length; layer++) {
        diagonals.add(new LargestDiagonal(layer, slot, layers[layer]));
      }
    }
    return new SequencerProgress(
        fit.getId(),
        positions,
        sequence,
        counts,
        diagonals,
        setAside,
        cuts,
        tokensSinceCut,
        newSince.orElse(null),
        failure.orElse(null),
        duplicates,
        leftOut);
  }

  private long[] running(Id slot) {
    return largest.computeIfAbsent(slot, s -> new long[fit.getLayers()]);
  }

  Fit fit() {
    return fit;
  }

  String router() {
    return router;
  }

  TileGrid grid() {
    return grid;
  }

  FixedPoint fixedPoint() {
    return fixedPoint;
  }

  /** The position that the next flush must start at; nothing for a partition that is not ours. */
  Optional<Long> next(int partition) {
    return Optional.ofNullable(next.get(partition));
  }

  Collection<SlotCount> slots() {
    return slots.values();
  }

  long sequence() {
    return sequence;
  }

  long setAside() {
    return setAside;
  }

  long duplicates() {
    return duplicates;
  }

  long leftOut() {
    return leftOut;
  }

  Optional<String> failure() {
    return failure;
  }

  Optional<Instant> newSince() {
    return newSince;
  }

  long tokensSinceCut() {
    return tokensSinceCut;
  }

  /** Bounds every entry of a layer's sum over all slots; below 2^62. */
  long bound(int layer) {
    long sum = 0;
    for (long[] layers : largest.values()) {
      sum += layers[layer];
    }
    return sum;
  }

  /** What a cut covers. */
  List<CutRange> covered() {
    List<CutRange> ranges = new ArrayList<>();
    start.forEach((p, from) -> ranges.add(new CutRange(p, from, next.get(p))));
    return ranges;
  }

  /**
   * Takes in a flush that counts, and gives its sequence number. Its positions go on whatever
   * becomes of its slots; of those that are not live nothing is counted.
   */
  long add(FlushManifest manifest, Predicate<SlotCount> live, Instant now) {
    for (CoveredRange range : manifest.getRanges()) {
      next.put(range.getPartition(), range.getTo());
      setAside += range.getSetAside().size();
      duplicates += range.getDuplicates().size();
      leftOut += range.getLeftOut();
    }
    Set<Id> counted = new HashSet<>();
    for (SlotCount slot : manifest.getSlots()) {
      if (!live.test(slot)) {
        continue;
      }
      counted.add(slot.getSlot());
      slots.merge(slot.getSlot(), slot, FitProgress::sum);
      if (!slot.getHeldOut()) {
        tokensSinceCut += slot.getTokens();
        newSince = newSince.or(() -> Optional.of(now));
      }
    }
    for (LargestDiagonal diagonal : manifest.getDiagonals()) {
      Id slot = manifest.getSlots().get(diagonal.getSlot()).getSlot();
      if (counted.contains(slot)) {
        running(slot)[diagonal.getLayer()] += diagonal.getValue();
      }
    }
    return ++sequence;
  }

  /** Forgets the slots that are not live any more, and gives them in the order of their coming. */
  List<Id> takeAway(Predicate<SlotCount> live) {
    List<Id> gone = slots.values().stream().filter(live.negate()).map(SlotCount::getSlot).toList();
    slots.keySet().removeAll(Set.copyOf(gone));
    // The bounds of the sums shrink with the sums.
    largest.keySet().removeAll(Set.copyOf(gone));
    return gone;
  }

  private static SlotCount sum(SlotCount a, SlotCount b) {
    return new SlotCount(
        a.getSlot(),
        a.getDomain(),
        a.getExpertMlp(),
        a.getHeldOut(),
        a.getTokens() + b.getTokens(),
        a.getRecords() + b.getRecords(),
        a.getSince());
  }

  /** Something else than data makes the next version differ from the last. */
  void changed(Instant now) {
    if (sequence > 0) {
      newSince = newSince.or(() -> Optional.of(now));
    }
  }

  /** Starts the next cut, and gives its number. */
  long cut() {
    tokensSinceCut = 0;
    newSince = Optional.empty();
    return ++cuts;
  }

  void stop(String reason) {
    failure = Optional.of(reason);
  }
}
