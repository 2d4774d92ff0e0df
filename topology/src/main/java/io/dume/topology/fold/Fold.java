package io.dume.topology.fold;

import io.dume.schemas.kafka.DeadLetters;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.ApplyFlush;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.CutSlot;
import io.dume.schemas.message.DiscardFlush;
import io.dume.schemas.message.FitFailed;
import io.dume.schemas.message.FoldProgress;
import io.dume.schemas.message.ForgetFit;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.LayerFailed;
import io.dume.schemas.message.StatisticsTile;
import io.dume.schemas.message.TakeAway;
import io.dume.schemas.statistics.FixedPoint;
import io.dume.schemas.statistics.TileGrid;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.MalformedMessageException;
import io.dume.schemas.wire.StatisticsKey;
import io.dume.schemas.wire.Wire;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Folds one partition of partial-statistics. Not thread-safe. No record makes it throw: what can't
 * be used goes to dead-letters, and what must have been there stops the fit.
 */
public final class Fold {
  static final String SERVICE = "fold";
  private static final Logger LOG = LoggerFactory.getLogger(Fold.class);
  private static final String MALFORMED = "malformed-message";
  private static final String FIT_REMOVED = "fit-removed";

  private final int partition;
  private final int partitions;
  private final FoldStores stores;
  private final Records records;
  private final Staging staging;
  private final Removal removal;

  /**
   * A fold that goes on where its stores left off.
   *
   * @param config what it is told
   * @param partition the partition whose records it takes
   * @param stores its stores, owned by it from now on
   */
  public Fold(FoldConfig config, int partition, FoldStores stores) {
    this.partition = partition;
    this.partitions = config.statisticsPartitions();
    this.stores = stores;
    this.records = new Records(stores.meta());
    this.staging = new Staging(stores.staging(), records, partition, config);
    this.removal = new Removal(stores, records);
  }

  /**
   * The next record.
   *
   * @param in the record
   * @param now the time
   * @param out takes what must be written, in order; a layer comes tile by tile, since it may be
   *     larger than memory
   */
  public void take(Incoming in, Instant now, Consumer<FoldOutput> out) {
    SpecificRecord message;
    try {
      in.requireAtMost(Topics.MAX_MESSAGE_BYTES);
      message = Wire.decode(in.value().orElse(new byte[0]));
    } catch (MalformedMessageException e) {
      refuse(in, MALFORMED, e.getMessage(), now, out);
      return;
    }
    if (message instanceof StatisticsTile tile) {
      staging
          .stage(tile, in, now)
          .ifPresent(problem -> refuse(in, "stray-tile", problem, now, out));
    } else if (message instanceof ApplyFlush order) {
      staging.sweep(in, now, out);
      if (isThere(order.getFit(), in, now, out)) {
        apply(order, in, now, out);
      } else {
        staging.discard(order.getFlush(), in.partition(), FIT_REMOVED, now, out);
      }
    } else if (message instanceof DiscardFlush order) {
      staging.sweep(in, now, out);
      staging.discard(order.getFlush(), in.partition(), order.getReason(), now, out);
    } else if (message instanceof TakeAway order) {
      if (isThere(order.getFit(), in, now, out)) {
        removal.takeAway(order.getFit(), Set.copyOf(order.getSlots()));
      }
    } else if (message instanceof Cut order) {
      if (isThere(order.getFit(), in, now, out)) {
        cut(order, in, now, out);
      }
    } else if (message instanceof ForgetFit order) {
      removal.forget(order.getFit());
    } else if (message instanceof FitFailed failed) {
      if (failure(failed.getFit()).isEmpty() && !records.gone(failed.getFit())) {
        stop(failed.getFit(), DeadLetters.brief(failed.getReason()));
      }
    } else {
      refuse(
          in,
          "wrong-message",
          "a %s has no place in partial-statistics".formatted(message.getClass().getSimpleName()),
          now,
          out);
    }
  }

  private static void refuse(
      Incoming in, String reason, String detail, Instant now, Consumer<FoldOutput> out) {
    LOG.warn("{} offset {} is set aside: {}: {}", in.partition(), in.offset(), reason, detail);
    out.accept(new FoldOutput.Refused(in.letter(SERVICE, reason, detail, now)));
  }

  /** The sequencer gives no order about a fit that it has told to forget. */
  private boolean isThere(Id fit, Incoming in, Instant now, Consumer<FoldOutput> out) {
    if (records.gone(fit)) {
      refuse(in, FIT_REMOVED, "fit %s was removed".formatted(Ids.hex(fit)), now, out);
      return false;
    }
    return true;
  }

  private Optional<String> failure(Id fit) {
    return records.progress(fit).flatMap(FoldProgress::getFailure);
  }

  private void stop(Id fit, String reason) {
    LOG.error("Partition {} takes nothing more of fit {}: {}", partition, Ids.hex(fit), reason);
    FoldProgress p =
        records.progress(fit).orElseGet(() -> new FoldProgress(fit, 0L, 0, 0, 0, null));
    records.keep(
        new FoldProgress(
            fit, p.getSequence(), p.getWidth(), p.getTileSize(), p.getFractionBits(), reason));
  }

  private void stopEverywhere(Id fit, String problem, Consumer<FoldOutput> out) {
    String reason = DeadLetters.brief(problem);
    stop(fit, reason);
    out.accept(new FoldOutput.FitStopped(new FitFailed(fit, reason)));
    // Workers should hear of it now, not at the next commit.
    out.accept(new FoldOutput.CommitWanted());
  }

  private void apply(ApplyFlush order, Incoming in, Instant now, Consumer<FoldOutput> out) {
    Id fit = order.getFit();
    Optional<FoldProgress> progress = records.progress(fit);
    long last = progress.map(FoldProgress::getSequence).orElse(0L);
    if (progress.flatMap(FoldProgress::getFailure).isPresent()) {
      staging.discard(order.getFlush(), in.partition(), "fit-failed", now, out);
      return;
    }
    if (order.getSequence() <= last) {
      refuse(
          in,
          "order-again",
          "flush number %d, where %d are in the sums".formatted(order.getSequence(), last),
          now,
          out);
      return;
    }
    Optional<String> problem = problem(order, progress, last);
    if (problem.isEmpty()) {
      FlushTiles tiles;
      try {
        tiles = new FlushTiles(order, staging);
      } catch (IllegalArgumentException | ArithmeticException e) {
        refuse(in, MALFORMED, "an order that can't be: " + e.getMessage(), now, out);
        return;
      }
      problem = tiles.problem().or(() -> add(tiles));
    }
    if (problem.isPresent()) {
      String reason =
          "flush %s, number %d: %s"
              .formatted(Ids.hex(order.getFlush()), order.getSequence(), problem.get());
      stopEverywhere(fit, reason, out);
      staging.discard(order.getFlush(), in.partition(), "fit-failed", now, out);
      return;
    }
    staging.applied(order, in, now, out);
    records.keep(
        new FoldProgress(
            fit,
            order.getSequence(),
            order.getWidth(),
            order.getTileSize(),
            order.getFractionBits(),
            null));
  }

  private static Optional<String> problem(
      ApplyFlush order, Optional<FoldProgress> progress, long last) {
    if (order.getSequence() != last + 1) {
      return Optional.of("the last one in the sums is number %d".formatted(last));
    }
    boolean otherShape =
        progress
            .filter(
                p ->
                    p.getWidth() != order.getWidth()
                        || p.getTileSize() != order.getTileSize()
                        || p.getFractionBits() != order.getFractionBits())
            .isPresent();
    return otherShape ? Optional.of("its shape is not that of the sums") : Optional.empty();
  }

  private Optional<String> add(FlushTiles tiles) {
    try {
      tiles.addTo(stores.gram(), stores.target());
      return Optional.empty();
    } catch (ArithmeticException e) {
      return Optional.of(e.getMessage());
    }
  }

  private void cut(Cut cut, Incoming in, Instant now, Consumer<FoldOutput> out) {
    Optional<String> malformed = malformed(cut);
    if (malformed.isPresent()) {
      refuse(in, MALFORMED, "a cut that can't be: " + malformed.get(), now, out);
      return;
    }
    List<Integer> layers = new ArrayList<>();
    for (int layer = 0; layer < cut.getLayers(); layer++) {
      if (Ids.partition(cut.getFit(), layer, partitions) == partition) {
        layers.add(layer);
      }
    }
    Optional<String> problem = problem(cut, out);
    for (int layer : layers) {
      problem.or(() -> send(cut, layer, out)).ifPresent(reason -> fail(cut, layer, reason, out));
    }
    out.accept(new FoldOutput.CommitWanted());
  }

  private Optional<String> malformed(Cut cut) {
    if (cut.getLayers() < 0 || cut.getLayers() > Short.MAX_VALUE) {
      return Optional.of(cut.getLayers() + " layers");
    }
    if (cut.getStatisticsPartitions() != partitions) {
      return Optional.of(
          "%d partitions where there are %d".formatted(cut.getStatisticsPartitions(), partitions));
    }
    try {
      new TileGrid(Math.addExact(cut.getWidth(), 1), cut.getTileSize());
      FixedPoint fixedPoint = new FixedPoint(cut.getFractionBits());
      slots(cut).forEach(slot -> fixedPoint.ofCount(slot.getTokens()));
    } catch (IllegalArgumentException | ArithmeticException e) {
      return Optional.of(e.getMessage());
    }
    Set<Id> seen = new HashSet<>();
    for (CutSlot slot : slots(cut)) {
      if (!seen.add(slot.getSlot())) {
        return Optional.of("slot %s twice".formatted(Ids.hex(slot.getSlot())));
      }
      if (slot.getExpert() < 0 || slot.getExpert() >= cut.getExperts().size()) {
        return Optional.of("expert %d of %d".formatted(slot.getExpert(), cut.getExperts().size()));
      }
    }
    return Optional.empty();
  }

  private static List<CutSlot> slots(Cut cut) {
    List<CutSlot> all = new ArrayList<>(cut.getSlots());
    all.addAll(cut.getHeldOut());
    return all;
  }

  /** What keeps the whole partition from this cut. */
  private Optional<String> problem(Cut cut, Consumer<FoldOutput> out) {
    Optional<FoldProgress> progress = records.progress(cut.getFit());
    Optional<String> failure = progress.flatMap(FoldProgress::getFailure);
    if (failure.isPresent()) {
      return failure.map(f -> "the fit was stopped: " + f);
    }
    long last = progress.map(FoldProgress::getSequence).orElse(0L);
    if (last != cut.getSequence()) {
      String torn =
          "cut %d is of flush number %d, and the sums of partition %d are at %d"
              .formatted(cut.getCut(), cut.getSequence(), partition, last);
      stopEverywhere(cut.getFit(), torn, out);
      return Optional.of(torn);
    }
    if (progress.isEmpty()) {
      return Optional.of("no flush has been folded yet");
    }
    if (cut.getSlots().isEmpty()) {
      return Optional.of("no token of any expert is in the sums");
    }
    FoldProgress p = progress.get();
    return p.getWidth() == cut.getWidth()
            && p.getTileSize() == cut.getTileSize()
            && p.getFractionBits() == cut.getFractionBits()
        ? Optional.empty()
        : Optional.of("the cut's shape is not that of the sums");
  }

  private Optional<String> send(Cut cut, int layer, Consumer<FoldOutput> out) {
    CutLayer sums = new CutLayer(cut, layer, stores);
    Optional<String> problem = sums.problem();
    if (problem.isEmpty()) {
      try {
        sums.send(out);
      } catch (ArithmeticException e) {
        problem = Optional.of(e.getMessage());
      }
    }
    // Of a fit that is stopped in its first layer, the others have no more to say.
    problem
        .filter(p -> failure(cut.getFit()).isEmpty())
        .ifPresent(p -> stopEverywhere(cut.getFit(), p, out));
    return problem;
  }

  private static void fail(Cut cut, int layer, String reason, Consumer<FoldOutput> out) {
    LOG.warn("Cut {} gives no layer {}: {}", cut.getCut(), layer, reason);
    out.accept(
        new FoldOutput.LayerStatistics(
            StatisticsKey.layer(cut.getFit(), cut.getCut(), layer, 0, 0),
            new LayerFailed(cut.getCut(), cut.getFit(), layer, DeadLetters.brief(reason))));
  }
}
