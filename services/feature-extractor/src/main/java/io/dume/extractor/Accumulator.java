package io.dume.extractor;

import io.dume.schemas.message.Id;
import io.dume.schemas.statistics.FixedPoint;
import io.dume.schemas.statistics.SymmetricSum;
import io.dume.schemas.statistics.TileGrid;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * What a worker has between two flushes: sums of rounded Gram matrices by slot and layer. A record
 * is checked whole before any of it is added. Not thread-safe.
 */
final class Accumulator {
  /** A bound on entries may be summed in another order, or type, than the entries themselves. */
  private static final double MARGIN = 1 + 0x1p-7;

  private final TileGrid grid;
  private final FixedPoint fixedPoint;
  private final int layers;
  private final long bytesLimit;
  private final Map<Id, SlotSum> slots = new LinkedHashMap<>();
  // Matrices of earlier flushes: gigabytes of direct memory, which only a collection would free.
  private final Deque<List<SymmetricSum>> spare = new ArrayDeque<>();
  private final double[] gram;
  private long records;
  private long tokens;

  Accumulator(TileGrid grid, FixedPoint fixedPoint, int layers, long bytesLimit) {
    this.grid = grid;
    this.fixedPoint = fixedPoint;
    this.layers = layers;
    this.bytesLimit = bytesLimit;
    this.gram = new double[grid.size() * grid.size()];
  }

  /** Why a record can't be added to any sum, or nothing if it can. */
  Optional<Verdict.Refused> check(RecordFeatures record) {
    OptionalInt layer = record.firstNonFiniteLayer();
    if (layer.isPresent()) {
      return refused(
          Reason.NON_FINITE_FEATURES, "layer %d: a feature is NaN or infinite", layer.getAsInt());
    }
    for (int l = 0; l < layers; l++) {
      double largest = record.largestDiagonal(l) * MARGIN;
      if (!fixedPoint.fits(largest)) {
        return refused(
            Reason.STATISTICS_OVERFLOW,
            "layer %d: a sum of squares of %g does not fit into 62 bits with %d fraction bits",
            l,
            largest,
            fixedPoint.fractionBits());
      }
    }
    return Optional.empty();
  }

  /** Whether a slot's sums can be there before the next flush. If not, a flush makes room. */
  boolean hasRoomFor(Slot slot) {
    return slots.containsKey(slot.id())
        || slots.isEmpty()
        || (slots.size() + 1) * slotBytes() <= bytesLimit;
  }

  /**
   * Whether a record that passed the {@link #check} can be added before the next flush. If not, it
   * goes into a fresh sum after it, instead of dead-letters: what counts must not depend on when
   * flushes were.
   */
  boolean overflowsWith(Slot slot, RecordFeatures record) {
    SlotSum sum = slots.get(slot.id());
    return sum != null && sum.overflowsWith(largestDiagonals(record));
  }

  private long[] largestDiagonals(RecordFeatures record) {
    return IntStream.range(0, layers)
        .mapToLong(l -> fixedPoint.toFixed(record.largestDiagonal(l) * MARGIN))
        .toArray();
  }

  /** Adds a record that passed the {@link #check} and that there is room for. */
  void add(Slot slot, RecordFeatures record) {
    slots.computeIfAbsent(slot.id(), id -> new SlotSum(slot, zeros())).add(record, gram);
    records++;
    tokens += record.tokens();
  }

  private List<SymmetricSum> zeros() {
    if (!spare.isEmpty()) {
      return spare.pop();
    }
    try {
      return SlotSum.zeros(grid, fixedPoint, layers);
    } catch (OutOfMemoryError e) {
      throw new ExtractorException(
          "no direct memory for the sums of domain number %d, %d bytes (%s): raise -XX:MaxDirectMemorySize above the flush bytes, which are %d, times the workers of this process; or run fewer workers here, or lower --flush-bytes where the command has it"
              .formatted(slots.size() + 1, slotBytes(), e.getMessage(), bytesLimit),
          e);
    }
  }

  /** The slots that have something, in the order in which they came. */
  List<SlotSum> slots() {
    return new ArrayList<>(slots.values());
  }

  TileGrid grid() {
    return grid;
  }

  long records() {
    return records;
  }

  long tokens() {
    return tokens;
  }

  /** Bytes of the sums of one slot. */
  long slotBytes() {
    return layers * grid.bytes();
  }

  /** Forgets everything. */
  void clear() {
    for (SlotSum sum : slots.values()) {
      sum.layers().forEach(SymmetricSum::clear);
      spare.push(sum.layers());
    }
    slots.clear();
    records = 0;
    tokens = 0;
  }

  private static Optional<Verdict.Refused> refused(Reason reason, String detail, Object... values) {
    return Optional.of(new Verdict.Refused(reason, detail.formatted(values)));
  }
}
