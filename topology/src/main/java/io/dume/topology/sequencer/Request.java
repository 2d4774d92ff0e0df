package io.dume.topology.sequencer;

import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.FitPromoted;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.PartitionOffset;
import java.util.List;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;

/**
 * Somebody waits for a cut of the fit that serves a router by then.
 *
 * @param offset where the request stands in the control log
 * @param record what stands there
 * @param router the router's name
 * @param id what the cut is to name
 * @param upTo what the cut must have reached
 * @param penalty what the version is to be solved with
 * @param promoted the fit with whose promotion the request came
 */
record Request(
    long offset,
    SpecificRecord record,
    String router,
    String id,
    List<PartitionOffset> upTo,
    Penalty penalty,
    Optional<Id> promoted) {
  /** The request that a control record makes, if it makes one. */
  static Optional<Request> in(long offset, SpecificRecord record) {
    if (record instanceof CutRequested cut) {
      return Optional.of(
          new Request(
              offset,
              record,
              cut.getRouter(),
              cut.getRequest(),
              cut.getUpTo(),
              new Penalty(cut.getLambda(), cut.getAutoLambda()),
              Optional.empty()));
    }
    if (record instanceof FitPromoted promoted) {
      return Optional.of(
          new Request(
              offset,
              record,
              promoted.getRouter(),
              promoted.getRequest(),
              promoted.getUpTo(),
              Penalty.DEFAULT,
              Optional.of(promoted.getFit())));
    }
    return Optional.empty();
  }

  /** Whether it came with the promotion of this fit. */
  boolean promotes(FitProgress progress) {
    return promoted.filter(progress.fit().getId()::equals).isPresent();
  }

  /** Whether everything that the request names is in. */
  boolean reached(FitProgress progress) {
    // A stopped fit reaches nothing any more: whoever asked is told at once.
    return progress.failure().isPresent() || upTo.stream().allMatch(p -> reached(progress, p));
  }

  private static boolean reached(FitProgress progress, PartitionOffset position) {
    return progress.next(position.getPartition()).map(n -> n >= position.getOffset()).orElse(false);
  }

  /** A partition that the request names and the fit does not have. */
  Optional<Integer> unknownPartition(FitProgress progress) {
    return upTo.stream()
        .map(PartitionOffset::getPartition)
        .filter(p -> progress.next(p).isEmpty())
        .findFirst();
  }
}
