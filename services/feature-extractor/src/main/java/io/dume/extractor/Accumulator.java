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

/**
 * What a worker has between two flushes: sums of rounded Gram matrices by slot and layer. A record
 * is checked whole before any of it is added. Not thread-safe.
 */
final class Accumulator {
  private final TileGrid grid;
  private final FixedPoint fixedPoint;
  private final int layers;
  private final long bytesLimit;
  private final Map<Id, SlotSum> slots = new LinkedHashMap<>();
  // Matrices of earlier flushes, all zeros again: gigabytes that need not be collected.
  private final Deque<List<SymmetricSum>> spare = new ArrayDeque<>();
  private long records;
  private long tokens;

  Accumulator(TileGrid grid, FixedPoint fixedPoint, int layers, long bytesLimit) {
    this.grid = grid;
    this.fixedPoint = fixedPoint;
    this.layers = layers;
    this.bytesLimit = bytesLimit;
  }

  /**
   * Why a record's matrices can't be added to any sum, or nothing if they can.
   *
   * @param tokens how many tokens the record has
   * @throws ExtractorException if they are not the matrices of that record at all
   */
  Optional<Verdict.Refused> check(RecordGrams grams, long tokens) {
    requireShape(grams);
    for (int layer = 0; layer < layers; layer++) {
      double[] gram = grams.layers().get(layer);
      double largest = largestMagnitude(gram);
      if (!Double.isFinite(largest)) {
        return refused(
            Reason.NON_FINITE_FEATURES, "layer %d: a sum of features is not finite", layer);
      }
      if (!fixedPoint.fits(largest)) {
        return refused(
            Reason.STATISTICS_OVERFLOW,
            "layer %d: a sum of features is %g, which does not fit into 62 bits with %d fraction bits",
            layer,
            largest,
            fixedPoint.fractionBits());
      }
      double corner = gram[grid.size() * grid.size() - 1];
      if (corner != tokens) {
        throw new ExtractorException(
            "layer %d: the model counted %s tokens in a record of %d"
                .formatted(layer, corner, tokens));
      }
    }
    return Optional.empty();
  }

  private void requireShape(RecordGrams grams) {
    if (grams.layers().size() != layers) {
      throw new ExtractorException(
          "the model gave %d layers where the fit has %d".formatted(grams.layers().size(), layers));
    }
    for (double[] gram : grams.layers()) {
      if (gram.length != grid.size() * grid.size()) {
        throw new ExtractorException(
            "the model gave a matrix of %d values where %d x %d belong"
                .formatted(gram.length, grid.size(), grid.size()));
      }
    }
  }

  /** The largest absolute value; NaN if there is one. */
  private static double largestMagnitude(double[] values) {
    double largest = 0;
    for (double value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  /**
   * Whether a record that passed the {@link #check} can be added before the next flush. If not, a
   * flush makes room.
   */
  boolean hasRoomFor(Slot slot, RecordGrams grams) {
    SlotSum sum = slots.get(slot.id());
    if (sum == null) {
      return slots.isEmpty() || (slots.size() + 1) * slotBytes() <= bytesLimit;
    }
    // Into a fresh sum instead of dead-letters: what counts must not depend on when flushes were.
    return !sum.overflowsWith(largestDiagonals(grams));
  }

  private long[] largestDiagonals(RecordGrams grams) {
    long[] largest = new long[layers];
    for (int layer = 0; layer < layers; layer++) {
      double[] gram = grams.layers().get(layer);
      double max = 0;
      for (int i = 0; i < grid.size(); i++) {
        max = Math.max(max, gram[i * grid.size() + i]);
      }
      largest[layer] = fixedPoint.toFixed(max);
    }
    return largest;
  }

  /** Adds a record that passed the {@link #check} and that there is room for. */
  void add(Slot slot, RecordGrams grams, long recordTokens) {
    slots.computeIfAbsent(slot.id(), id -> new SlotSum(slot, zeros())).add(grams, recordTokens);
    records++;
    tokens += recordTokens;
  }

  private List<SymmetricSum> zeros() {
    return spare.isEmpty() ? SlotSum.zeros(grid, fixedPoint, layers) : spare.pop();
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
