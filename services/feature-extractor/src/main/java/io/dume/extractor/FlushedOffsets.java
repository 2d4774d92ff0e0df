package io.dume.extractor;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.ManifestLog;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.CoveredRange;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.PartitionOffset;
import java.util.HashMap;
import java.util.Map;

/** How far the flushes of a fit go by their manifests, whatever the consumer group remembers. */
final class FlushedOffsets {
  private final ManifestLog manifests;
  private final Fit fit;

  FlushedOffsets(KafkaSettings kafka, Topics topics, Fit fit) {
    this.manifests = new ManifestLog(kafka, topics);
    this.fit = fit;
  }

  /**
   * Reads all manifests there are now.
   *
   * @return by partition of token-batches, the end of the ranges that touch from the fit's start on
   */
  Map<Integer, Long> read() {
    Map<Integer, Long> next = new HashMap<>();
    for (PartitionOffset start : fit.getStart()) {
      next.put(start.getPartition(), start.getOffset());
    }
    manifests.forEach(
        manifest -> {
          if (manifest.getFit().equals(fit.getId())) {
            extend(next, manifest);
          }
        });
    return next;
  }

  private static void extend(Map<Integer, Long> next, FlushManifest manifest) {
    for (CoveredRange range : manifest.getRanges()) {
      next.computeIfPresent(
          range.getPartition(),
          (partition, position) ->
              range.getFrom() == position ? Math.max(position, range.getTo()) : position);
    }
  }
}
