package io.dume.administration;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.ManifestLog;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.SlotCount;
import java.util.HashMap;
import java.util.Map;

/** Tokens by domain of a fit, as its flushes' manifests have them. */
final class CountedTokens {
  private final ManifestLog manifests;

  CountedTokens(KafkaSettings kafka, Topics topics) {
    this.manifests = new ManifestLog(kafka, topics);
  }

  /** Reads all manifests that there are now; held-out tokens don't count. */
  Map<String, Long> of(Id fit) {
    Map<String, Long> tokens = new HashMap<>();
    manifests.forEach(
        manifest -> {
          if (manifest.getFit().equals(fit)) {
            add(manifest, tokens);
          }
        });
    return tokens;
  }

  private static void add(FlushManifest manifest, Map<String, Long> tokens) {
    for (SlotCount slot : manifest.getSlots()) {
      if (!slot.getHeldOut()) {
        tokens.merge(slot.getDomain(), slot.getTokens(), Long::sum);
      }
    }
  }
}
