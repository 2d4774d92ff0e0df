package io.dume.extractor;

import io.dume.schemas.message.Fit;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.wire.Ids;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices that a fit counted records of which no ids are kept, as versions did that knew no counted
 * ids, and says so once. Not thread-safe.
 */
final class EarlierCounts {
  private static final Logger LOG = LoggerFactory.getLogger(EarlierCounts.class);

  private final Fit fit;
  private Optional<Integer> flushed = Optional.empty();
  private boolean said;

  EarlierCounts(Fit fit) {
    this.fit = fit;
  }

  /** The positions of the last committed flushes, before the counted ids are read. */
  void assigned(Map<Integer, Long> starts) {
    flushed =
        fit.getStart().stream()
            .filter(start -> starts.getOrDefault(start.getPartition(), 0L) > start.getOffset())
            .map(PartitionOffset::getPartition)
            .findFirst();
  }

  /**
   * The counted ids are read.
   *
   * @return whether it warned
   */
  boolean compare(CountedRecords counted) {
    boolean unknown = !said && flushed.isPresent() && counted.knowsNone();
    if (unknown) {
      said = true;
      LOG.warn(
          "fit {} has flushed records, in partition {} for one, but no ids of any are kept: what a version before this one counted is not recognised when it is sent again; `dume replay` makes a fit that does",
          Ids.hex(fit.getId()),
          flushed.get());
    }
    flushed = Optional.empty();
    return unknown;
  }
}
