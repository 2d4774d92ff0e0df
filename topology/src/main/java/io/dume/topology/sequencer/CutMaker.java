package io.dume.topology.sequencer;

import io.dume.schemas.message.Cut;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.Fit;
import java.time.Instant;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/** What a cut holds, and whether one is due. Changes nothing. */
final class CutMaker {
  private final CutPolicy policy;

  CutMaker(CutPolicy policy) {
    this.policy = policy;
  }

  /** Whether new data alone leads to a cut now, and why. */
  Optional<String> due(FitProgress progress, ExpertList list, Instant now) {
    if (progress.newSince().isEmpty()
        || progress.failure().isPresent()
        || withoutTokens(progress, list).isPresent()) {
      return Optional.empty();
    }
    if (progress.tokensSinceCut() >= policy.tokens()) {
      return Optional.of("tokens");
    }
    boolean waitedLongEnough = !now.isBefore(progress.newSince().get().plus(policy.interval()));
    return waitedLongEnough ? Optional.of("time") : Optional.empty();
  }

  /** An expert that no token belongs to yet; without a list, nobody has tokens. */
  static Optional<String> withoutTokens(FitProgress progress, ExpertList list) {
    List<Expert> experts = list.experts();
    if (experts.isEmpty()) {
      return Optional.of("any");
    }
    BitSet withTokens = new BitSet();
    list.columns(progress.slots(), false).forEach(slot -> withTokens.set(slot.getExpert()));
    int missing = withTokens.nextClearBit(0);
    return missing < experts.size()
        ? Optional.of(experts.get(missing).getName())
        : Optional.empty();
  }

  Cut make(
      FitProgress progress,
      long number,
      ExpertList list,
      List<String> requests,
      Penalty penalty,
      String reason,
      Instant now) {
    Fit fit = progress.fit();
    return new Cut(
        number,
        progress.router(),
        fit.getId(),
        requests,
        penalty.lambda().orElse(null),
        reason,
        progress.sequence(),
        fit.getLayers(),
        fit.getWidth(),
        fit.getTileSize(),
        fit.getFractionBits(),
        fit.getStatisticsPartitions(),
        list.version(),
        list.experts(),
        list.columns(progress.slots(), false),
        progress.covered(),
        progress.setAside(),
        now,
        penalty.auto(),
        list.columns(progress.slots(), true),
        progress.duplicates(),
        progress.leftOut());
  }
}
