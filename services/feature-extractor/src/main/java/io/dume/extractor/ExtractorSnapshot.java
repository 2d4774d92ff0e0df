package io.dume.extractor;

import java.util.Collection;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * What a worker has done for its fit since it joined it.
 *
 * @param partitions of token-batches that it has now
 * @param records counted and flushed
 * @param tokens counted and flushed
 * @param setAside records that went to dead-letters, flushed
 * @param flushes committed
 * @param pendingRecords read since the last flush, counted or not
 * @param pendingTokens counted since the last flush
 * @param duplicates records whose id had been counted before, flushed
 * @param leftOut records of domains that the fit leaves out, flushed
 * @param positions how far it is, by the partitions that it has now
 */
public record ExtractorSnapshot(
    int partitions,
    long records,
    long tokens,
    long setAside,
    long flushes,
    long pendingRecords,
    long pendingTokens,
    long duplicates,
    long leftOut,
    Map<Integer, Progress> positions) {
  static final ExtractorSnapshot NOTHING =
      new ExtractorSnapshot(0, 0, 0, 0, 0, 0, 0, 0, 0, Map.of());

  /**
   * How far a worker is in a partition.
   *
   * @param flushed everything before it is in committed flushes
   * @param processed everything before it is summed or set aside
   * @param end the end of the partition when last heard of, for those who see committed records
   *     alone; empty before the first answer
   */
  public record Progress(long flushed, long processed, OptionalLong end) {}

  public ExtractorSnapshot {
    positions = Map.copyOf(positions);
  }

  /**
   * What several workers have done together.
   *
   * @param workers a snapshot of each
   * @return sums, and the positions of all; of a partition that two have named while it moves, the
   *     one that is further
   */
  public static ExtractorSnapshot sum(Collection<ExtractorSnapshot> workers) {
    Map<Integer, Progress> all = new TreeMap<>();
    long[] sums = new long[9];
    for (ExtractorSnapshot s : workers) {
      long[] figures = {
        s.partitions,
        s.records,
        s.tokens,
        s.setAside,
        s.flushes,
        s.pendingRecords,
        s.pendingTokens,
        s.duplicates,
        s.leftOut
      };
      for (int i = 0; i < sums.length; i++) {
        sums[i] += figures[i];
      }
      s.positions.forEach(
          (p, progress) -> all.merge(p, progress, (a, b) -> a.processed() < b.processed() ? b : a));
    }
    return new ExtractorSnapshot(
        (int) sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], sums[6], sums[7], sums[8], all);
  }

  ExtractorSnapshot withEnds(Map<Integer, Long> ends) {
    Map<Integer, Progress> known = new TreeMap<>();
    positions.forEach(
        (p, at) ->
            known.put(
                p,
                ends.containsKey(p)
                    ? new Progress(at.flushed(), at.processed(), OptionalLong.of(ends.get(p)))
                    : at));
    return new ExtractorSnapshot(
        partitions,
        records,
        tokens,
        setAside,
        flushes,
        pendingRecords,
        pendingTokens,
        duplicates,
        leftOut,
        known);
  }

  /**
   * How many offsets are still to be flushed in the partitions that this worker has. Offsets are
   * not records where transactions or compaction leave some out.
   *
   * @return their number, or nothing while the end of a partition is not known
   */
  public OptionalLong lag() {
    if (positions.values().stream().anyMatch(p -> p.end().isEmpty())) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(
        positions.values().stream()
            .mapToLong(p -> Math.max(0, p.end().getAsLong() - p.flushed()))
            .sum());
  }
}
