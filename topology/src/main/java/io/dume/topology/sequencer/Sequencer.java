package io.dume.topology.sequencer;

import io.dume.schemas.control.ControlState;
import io.dume.schemas.kafka.DeadLetters;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.DiscardFlush;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.message.FitFailed;
import io.dume.schemas.message.FitRemoved;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.ForgetFit;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.SequencerProgress;
import io.dume.schemas.message.TakeAway;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.MalformedMessageException;
import io.dume.schemas.wire.Wire;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.avro.specific.SpecificRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts flushes, removals and cuts into the one order in which every layer takes them. Records go
 * in, in the order of their logs; decisions come out and must be written in the transaction that
 * keeps the memory. The same records at the same times give the same decisions. Not thread-safe.
 */
public final class Sequencer {
  private static final Logger LOG = LoggerFactory.getLogger(Sequencer.class);

  private final SequencerConfig config;
  private final SequencerMemory memory;
  private final CutMaker cuts;
  private final ControlState control = new ControlState();
  private final Map<Id, FitProgress> fits = new LinkedHashMap<>();
  private final Requests requests;
  private final Parking parking;
  private final Set<Id> waitingForTokens = new HashSet<>();

  /**
   * A sequencer that goes on where its memory left off.
   *
   * @param config what it is told
   * @param memory what it kept, owned by it from now on
   * @throws IllegalStateException if the memory is not that of a sequencer of the same topics
   */
  public Sequencer(SequencerConfig config, SequencerMemory memory) {
    this.config = config;
    this.memory = memory;
    this.cuts = new CutMaker(config.cuts());
    this.requests = new Requests(memory);
    this.parking = new Parking(memory, config.patience());
    Map<Long, SpecificRecord> log = new TreeMap<>();
    memory.control().forEach((offset, record) -> log.put(offset, decode(offset, record)));
    log.values().forEach(this::understand);
    for (SequencerProgress kept : memory.progress()) {
      FitProgress progress = fits.get(kept.getFit());
      if (progress == null) {
        throw new IllegalStateException(
            "fit %s no longer fits the topics (%d partitions of partial-statistics); that number never changes"
                .formatted(Ids.hex(kept.getFit()), config.statisticsPartitions()));
      }
      progress.restore(kept);
    }
    for (long offset : memory.openRequests()) {
      requests.restore(Request.in(offset, log.get(offset)).orElseThrow());
    }
  }

  private static SpecificRecord decode(long offset, byte[] record) {
    try {
      return Wire.decode(record);
    } catch (MalformedMessageException e) {
      throw new IllegalStateException("the kept control record %d is broken".formatted(offset), e);
    }
  }

  /** Takes a control record into account without deciding anything; true if it counted. */
  private boolean understand(SpecificRecord record) {
    if (!control.apply(record)) {
      return false;
    }
    if (record instanceof FitCreated created) {
      Fit fit = created.getFit();
      if (FitCheck.problem(fit, config.statisticsPartitions()).isEmpty()) {
        fits.put(fit.getId(), new FitProgress(created.getRouter(), fit));
      }
    } else if (record instanceof FitRemoved removed) {
      fits.remove(removed.getFit());
    }
    return true;
  }

  /**
   * The next record of the control log.
   *
   * @param offset where it stands
   * @param record the message; one that an earlier one stands against changes nothing
   * @param now the time
   * @return what to write
   */
  public List<Decision> control(long offset, SpecificRecord record, Instant now) {
    List<Decision> decisions = new ArrayList<>();
    Instant time = now.truncatedTo(ChronoUnit.MILLIS);
    if (!understand(record)) {
      return decisions;
    }
    memory.keepControl(offset, Wire.encode(record));
    if (record instanceof FitCreated created) {
      Fit fit = created.getFit();
      FitCheck.problem(fit, config.statisticsPartitions())
          .ifPresent(p -> decisions.addAll(stopped(fit.getId(), "invalid-fit: " + p, time, true)));
    } else if (record instanceof ExpertsChanged changed) {
      change(changed, time, decisions);
    } else if (record instanceof FitRemoved removed) {
      memory.forgetProgress(removed.getFit());
      waitingForTokens.remove(removed.getFit());
      toAll(new ForgetFit(removed.getFit()), removed.getFit(), time, decisions);
    } else if (record instanceof FitFailed failed && isGoing(failed.getFit())) {
      decisions.addAll(stopped(failed.getFit(), failed.getReason(), time, false));
    }
    Request.in(offset, record).ifPresent(requests::open);
    judgeParked(time, decisions);
    cut(time, decisions);
    return decisions;
  }

  /**
   * What the new list no longer has is taken away in the same step, so that no cut with the list
   * comes before it, and no flush between them counts for it.
   */
  private void change(ExpertsChanged changed, Instant now, List<Decision> decisions) {
    Id fit = changed.getFit().orElseGet(() -> control.fits(changed.getRouter()).get(0).getId());
    FitProgress progress = fits.get(fit);
    if (progress == null) {
      return;
    }
    List<Id> gone = progress.takeAway(ExpertList.of(control, fit)::live);
    progress.changed(now);
    memory.keepProgress(progress.snapshot());
    if (!gone.isEmpty()) {
      toAll(new TakeAway(fit, gone), fit, now, decisions);
    }
  }

  private static void toAll(SpecificRecord order, Id fit, Instant now, List<Decision> decisions) {
    decisions.add(new Decision.ToAll(order, fit, 0, now.toEpochMilli()));
  }

  private boolean isGoing(Id fit) {
    boolean isStopped =
        Optional.ofNullable(fits.get(fit)).flatMap(FitProgress::failure).isPresent();
    return !isStopped && !control.removed(fit);
  }

  /** Stops a fit here, and tells all partitions, so that every later cut fails in every layer. */
  private List<Decision> stopped(Id fit, String problem, Instant now, boolean announce) {
    String reason = DeadLetters.brief(problem);
    FitProgress progress = fits.get(fit);
    if (progress != null) {
      progress.stop(reason);
      memory.keepProgress(progress.snapshot());
    }
    LOG.error("Fit {} is stopped: {}", Ids.hex(fit), reason);
    FitFailed failure = new FitFailed(fit, reason);
    List<Decision> decisions = new ArrayList<>();
    toAll(failure, fit, now, decisions);
    if (announce) {
      decisions.add(new Decision.FitStopped(failure, now.toEpochMilli()));
    }
    return decisions;
  }

  /**
   * The next manifest.
   *
   * @param submission the manifest with its record
   * @param now the time
   * @return what to write
   */
  public List<Decision> manifest(Submission submission, Instant now) {
    List<Decision> decisions = new ArrayList<>();
    Instant time = now.truncatedTo(ChronoUnit.MILLIS);
    boolean behindAnother = parking.holds(submission.manifest().getFit());
    Verdict verdict = behindAnother ? waiting(submission) : judge(submission.manifest());
    if (verdict instanceof Verdict.Waits && parking.hasRoom(submission)) {
      parking.park(submission);
      return decisions;
    }
    carryOut(verdict, submission, time, decisions);
    cut(time, decisions);
    return decisions;
  }

  private static Verdict waiting(Submission submission) {
    return new Verdict.Waits(
        "other-fit",
        "stood behind another manifest of fit %s that waits for the control log"
            .formatted(Ids.hex(submission.manifest().getFit())));
  }

  private Verdict judge(FlushManifest manifest) {
    Id fit = manifest.getFit();
    FitProgress progress = fits.get(fit);
    if (progress != null) {
      return new ManifestCheck(progress, ExpertList.of(control, fit), manifest).judge();
    }
    if (control.removed(fit)) {
      return new Verdict.Refused("fit-removed", "fit %s was removed".formatted(Ids.hex(fit)));
    }
    if (control.router(fit).isPresent()) {
      return new Verdict.Refused("fit-failed", "the fit was never valid");
    }
    return new Verdict.Waits(
        "other-fit",
        "no fit %s in the control log: statistics belong to the fit that they were made for"
            .formatted(Ids.hex(fit)));
  }

  private void carryOut(
      Verdict verdict, Submission submission, Instant now, List<Decision> decisions) {
    FlushManifest manifest = submission.manifest();
    if (verdict instanceof Verdict.Counts) {
      FitProgress progress = fits.get(manifest.getFit());
      ExpertList list = ExpertList.of(control, manifest.getFit());
      long sequence = progress.add(manifest, list::live, now);
      memory.keepProgress(progress.snapshot());
      decisions.addAll(
          Shares.of(progress.fit(), manifest, list::live, sequence, orderTime(submission, now)));
    } else if (verdict instanceof Verdict.Refused refused) {
      refuse(submission, refused.reason(), refused.detail(), now, decisions);
    } else if (verdict instanceof Verdict.Waits waits) {
      refuse(submission, waits.reason(), waits.detail(), now, decisions);
    } else if (verdict instanceof Verdict.StopsFit stops) {
      refuse(submission, stops.reason(), stops.detail(), now, decisions);
      decisions.addAll(
          stopped(manifest.getFit(), stops.reason() + ": " + stops.detail(), now, true));
    }
  }

  /** Orders carry the time of their manifest, as far as a worker's clock can be believed. */
  private static long orderTime(Submission submission, Instant now) {
    return Math.max(0, Math.min(submission.timestamp(), now.toEpochMilli()));
  }

  private void refuse(
      Submission submission, String reason, String detail, Instant now, List<Decision> decisions) {
    FlushManifest manifest = submission.manifest();
    LOG.warn("Flush {} does not count: {}: {}", Ids.hex(manifest.getFlush()), reason, detail);
    decisions.add(new Decision.Refused(submission.refused(reason, detail, now)));
    DiscardFlush discard = new DiscardFlush(manifest.getFit(), manifest.getFlush(), reason);
    decisions.add(new Decision.ToAll(discard, manifest.getFit(), 0, orderTime(submission, now)));
  }

  /**
   * Time has passed: for cuts that are due by time, and for manifests that have waited long enough.
   *
   * @param now the time
   * @return what to write
   */
  public List<Decision> tick(Instant now) {
    List<Decision> decisions = new ArrayList<>();
    Instant time = now.truncatedTo(ChronoUnit.MILLIS);
    judgeParked(time, decisions);
    cut(time, decisions);
    return decisions;
  }

  private void judgeParked(Instant now, List<Decision> decisions) {
    parking.release(
        now,
        submission -> judge(submission.manifest()),
        (verdict, submission) -> carryOut(verdict, submission, now, decisions));
  }

  /** Cuts are made of the fits that serve alone; candidates grow in silence. */
  private void cut(Instant now, List<Decision> decisions) {
    for (String router : control.routers()) {
      control
          .fit(router)
          .map(fit -> fits.get(fit.getId()))
          .ifPresent(progress -> cut(progress, now, decisions));
    }
  }

  private void cut(FitProgress progress, Instant now, List<Decision> decisions) {
    Id fit = progress.fit().getId();
    for (Request impossible : requests.settleImpossible(progress)) {
      refuse(impossible, progress, now, decisions);
    }
    ExpertList list = ExpertList.of(control, fit);
    for (List<Request> together : requests.settleReached(progress)) {
      boolean promotion =
          together.stream().anyMatch(r -> r.promoted().filter(fit::equals).isPresent());
      List<String> ids = together.stream().map(Request::id).toList();
      Penalty penalty = together.get(0).penalty();
      make(progress, list, ids, penalty, promotion ? "promotion" : "demand", now, decisions);
    }
    noteMissingTokens(progress, list);
    // A router moves over to another fit once that is as far as whoever promoted it wants.
    if (!requests.promotionWaits(progress)) {
      cuts.due(progress, list, now)
          .ifPresent(
              reason -> make(progress, list, List.of(), Penalty.DEFAULT, reason, now, decisions));
    }
  }

  /** A request for a partition that the fit does not have would wait for ever. */
  private static void refuse(
      Request request, FitProgress progress, Instant now, List<Decision> decisions) {
    decisions.add(
        new Decision.RequestRefused(
            request.offset(),
            request.record(),
            "partition %d of token-batches is not in the fit of router %s"
                .formatted(request.unknownPartition(progress).orElseThrow(), progress.router()),
            now.toEpochMilli()));
  }

  private void noteMissingTokens(FitProgress progress, ExpertList list) {
    if (progress.newSince().isEmpty()) {
      return;
    }
    Id fit = progress.fit().getId();
    Optional<String> missing = CutMaker.withoutTokens(progress, list);
    if (missing.isEmpty()) {
      waitingForTokens.remove(fit);
    } else if (waitingForTokens.add(fit)) {
      LOG.info(
          "Router {} waits with its next cut: no tokens yet of expert {}",
          progress.router(),
          missing.get());
    }
  }

  private void make(
      FitProgress progress,
      ExpertList list,
      List<String> ids,
      Penalty penalty,
      String reason,
      Instant now,
      List<Decision> decisions) {
    long number = progress.cut();
    memory.keepProgress(progress.snapshot());
    Cut cut = cuts.make(progress, number, list, ids, penalty, reason, now);
    decisions.add(new Decision.ToAll(cut, progress.fit().getId(), number, now.toEpochMilli()));
    decisions.add(new Decision.CutMade(cut, now.toEpochMilli()));
  }
}
