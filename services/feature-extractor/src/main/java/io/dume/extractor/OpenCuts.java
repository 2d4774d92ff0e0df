package io.dume.extractor;

import io.dume.schemas.control.ControlState;
import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.PartitionOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** The requests for a cut that this worker may still have to flush for. Not thread-safe. */
final class OpenCuts {
  private final List<CutRequested> open = new ArrayList<>();

  private long seen = -1;

  /** Starts anew, as after a rebalance: an answered request may reach into other partitions. */
  void reset(ControlState control, Id fit) {
    seen = control.changes();
    reset(control.requests(fit));
  }

  void reset(Collection<CutRequested> all) {
    open.clear();
    open.addAll(all);
  }

  /** Looks again if the log moved: all requests ever made are many, and this is asked often. */
  void update(ControlState control, Id fit) {
    if (control.changes() != seen) {
      reset(control, fit);
    }
  }

  /**
   * Whether there is a request that all partitions of this worker have reached and that a flush
   * would serve.
   */
  boolean due(Positions positions) {
    Map<Integer, Long> flushed = positions.flushedPositions();
    Map<Integer, Long> next = positions.nextPositions();
    open.removeIf(request -> reaches(flushed, request));
    return open.stream().anyMatch(request -> reaches(next, request));
  }

  private static boolean reaches(Map<Integer, Long> positions, CutRequested request) {
    return positions.entrySet().stream()
        .allMatch(p -> p.getValue() >= upTo(request, p.getKey()).orElse(0));
  }

  private static OptionalLong upTo(CutRequested request, int partition) {
    return request.getUpTo().stream()
        .filter(p -> p.getPartition() == partition)
        .mapToLong(PartitionOffset::getOffset)
        .max();
  }
}
