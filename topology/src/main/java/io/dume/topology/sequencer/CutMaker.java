package io.dume.topology.sequencer;

import io.dume.schemas.message.Cut;
import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.CutSlot;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.message.SlotCount;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a cut holds, and whether one is due. Changes nothing. */
final class CutMaker {
  private final CutPolicy policy;

  CutMaker(CutPolicy policy) {
    this.policy = policy;
  }

  /** Whether new data alone leads to a cut now, and why. */
  Optional<String> due(FitProgress progress, Optional<ExpertsChanged> experts, Instant now) {
    if (progress.newSince().isEmpty()
        || progress.failure().isPresent()
        || withoutTokens(progress, experts).isPresent()) {
      return Optional.empty();
    }
    if (progress.tokensSinceCut() >= policy.tokens()) {
      return Optional.of("tokens");
    }
    boolean waitedLongEnough = !now.isBefore(progress.newSince().get().plus(policy.interval()));
    return waitedLongEnough ? Optional.of("time") : Optional.empty();
  }

  /** An expert that no token belongs to yet; without a list, nobody has tokens. */
  static Optional<String> withoutTokens(FitProgress progress, Optional<ExpertsChanged> experts) {
    if (experts.isEmpty()) {
      return Optional.of("any");
    }
    BitSet withTokens = new BitSet();
    slots(progress, experts.get()).forEach(slot -> withTokens.set(slot.getExpert()));
    List<Expert> columns = experts.get().getExperts();
    int missing = withTokens.nextClearBit(0);
    return missing < columns.size()
        ? Optional.of(columns.get(missing).getName())
        : Optional.empty();
  }

  /** Whether everything that a request names is in. */
  static boolean reached(FitProgress progress, CutRequested request) {
    // A stopped fit reaches nothing any more: whoever asked is told at once.
    return progress.failure().isPresent()
        || request.getUpTo().stream().allMatch(p -> reached(progress, p));
  }

  private static boolean reached(FitProgress progress, PartitionOffset position) {
    return progress.next(position.getPartition()).map(n -> n >= position.getOffset()).orElse(false);
  }

  /** A partition that a request names and the fit does not have. */
  static Optional<Integer> unknownPartition(FitProgress progress, CutRequested request) {
    return request.getUpTo().stream()
        .map(PartitionOffset::getPartition)
        .filter(p -> progress.next(p).isEmpty())
        .findFirst();
  }

  Cut make(
      FitProgress progress,
      long number,
      Optional<ExpertsChanged> experts,
      List<String> requests,
      Optional<Double> lambda,
      String reason,
      Instant now) {
    Fit fit = progress.fit();
    return new Cut(
        number,
        progress.router(),
        fit.getId(),
        requests,
        lambda.orElse(null),
        reason,
        progress.sequence(),
        fit.getLayers(),
        fit.getWidth(),
        fit.getTileSize(),
        fit.getFractionBits(),
        fit.getStatisticsPartitions(),
        experts.map(ExpertsChanged::getVersion).orElse(0),
        experts.map(ExpertsChanged::getExperts).orElse(List.of()),
        experts.map(e -> slots(progress, e)).orElse(List.of()),
        progress.covered(),
        progress.setAside(),
        now,
        false,
        List.of(),
        0L,
        0L);
  }

  private static List<CutSlot> slots(FitProgress progress, ExpertsChanged experts) {
    List<Expert> list = experts.getExperts();
    Map<String, Integer> columnOf = new HashMap<>();
    for (int column = 0; column < list.size(); column++) {
      columnOf.put(list.get(column).getName(), column);
    }
    Map<Extraction, Integer> columns = new HashMap<>();
    for (var domain : experts.getDomains()) {
      // A list that counts has an expert for every domain.
      int column = columnOf.get(domain.getExpert());
      columns.put(new Extraction(domain.getDomain(), list.get(column).getMlp()), column);
    }
    List<CutSlot> slots = new ArrayList<>();
    for (SlotCount slot : progress.slots()) {
      Integer column = columns.get(new Extraction(slot.getDomain(), slot.getExpertMlp()));
      if (column != null && !slot.getHeldOut()) {
        slots.add(
            new CutSlot(
                slot.getSlot(), slot.getDomain(), column, slot.getTokens(), slot.getRecords()));
      }
    }
    return slots;
  }
}
