package io.dume.topology.sequencer;

import io.dume.schemas.control.ControlState;
import io.dume.schemas.kafka.DeadLetters;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.DiscardFlush;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.message.FitFailed;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.SequencerProgress;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.MalformedMessageException;
import io.dume.schemas.wire.Wire;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
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
 * Puts flushes and cuts into the one order in which every layer takes them. Records go in, in the
 * order of their logs; decisions come out and must be written in the transaction that keeps the
 * memory. The same records at the same times give the same decisions. Not thread-safe.
 */
public final class Sequencer {
  private static final int MAX_REQUESTS_OF_A_CUT = 1000;
  private static final Logger LOG = LoggerFactory.getLogger(Sequencer.class);

  /** What may wait for the control log at once; beyond that a manifest is judged at once. */
  private static final long MAX_PARKED_BYTES = 64L << 20;

  private final SequencerConfig config;
  private final SequencerMemory memory;
  private final CutMaker cuts;
  private final ControlState control = new ControlState();
  private final Map<Id, FitProgress> fits = new LinkedHashMap<>();
  private final Map<String, Set<Extraction>> known = new HashMap<>();
  private final TreeMap<Long, CutRequested> requests = new TreeMap<>();
  private final TreeMap<Long, Submission> parked = new TreeMap<>();
  private final Set<Id> waitingForTokens = new HashSet<>();
  private long parkedBytes;

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
    memory.openRequests().forEach(o -> requests.put(o, (CutRequested) log.get(o)));
    parked.putAll(memory.parked());
    parkedBytes = parked.values().stream().mapToLong(Submission::bytes).sum();
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
    }
    if (record instanceof ExpertsChanged changed) {
      Map<String, String> mlps = new HashMap<>();
      changed.getExperts().forEach((Expert e) -> mlps.put(e.getName(), e.getMlp()));
      Set<Extraction> extractions =
          known.computeIfAbsent(changed.getRouter(), r -> new HashSet<>());
      changed
          .getDomains()
          .forEach(d -> extractions.add(new Extraction(d.getDomain(), mlps.get(d.getExpert()))));
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
      control
          .fit(changed.getRouter())
          .map(f -> fits.get(f.getId()))
          .ifPresent(
              progress -> {
                progress.changed(time);
                memory.keepProgress(progress.snapshot());
              });
    } else if (record instanceof FitFailed failed && !isStopped(failed.getFit())) {
      decisions.addAll(stopped(failed.getFit(), failed.getReason(), time, false));
    } else if (record instanceof CutRequested request) {
      requests.put(offset, request);
      memory.markRequest(offset, true);
    }
    judgeParked(time, decisions);
    cut(time, decisions);
    return decisions;
  }

  private boolean isStopped(Id fit) {
    return Optional.ofNullable(fits.get(fit)).flatMap(FitProgress::failure).isPresent();
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
    decisions.add(new Decision.ToAll(failure, fit, 0, now.toEpochMilli()));
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
    Id fit = submission.manifest().getFit();
    boolean behindAnother =
        parked.values().stream().anyMatch(p -> p.manifest().getFit().equals(fit));
    Verdict verdict = behindAnother ? waiting(submission) : judge(submission.manifest());
    if (verdict instanceof Verdict.Waits && hasRoom(submission)) {
      long number = parked.isEmpty() ? 0 : parked.lastKey() + 1;
      parked.put(number, submission);
      parkedBytes += submission.bytes();
      memory.park(number, submission);
      return decisions;
    }
    carryOut(verdict, submission, time, decisions);
    cut(time, decisions);
    return decisions;
  }

  private boolean hasRoom(Submission submission) {
    return !config.patience().isZero() && parkedBytes + submission.bytes() <= MAX_PARKED_BYTES;
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
      Set<Extraction> extractions = known.getOrDefault(progress.router(), Set.of());
      return new ManifestCheck(progress, extractions, manifest).judge();
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
      long sequence = progress.add(manifest, now);
      memory.keepProgress(progress.snapshot());
      decisions.addAll(Shares.of(progress.fit(), manifest, sequence, orderTime(submission, now)));
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

  /** Manifests of one fit keep their order: one that waits holds up those behind it. */
  private void judgeParked(Instant now, List<Decision> decisions) {
    Set<Id> heldUp = new HashSet<>();
    Iterator<Map.Entry<Long, Submission>> queue = parked.entrySet().iterator();
    while (queue.hasNext()) {
      Map.Entry<Long, Submission> entry = queue.next();
      Submission submission = entry.getValue();
      if (heldUp.contains(submission.manifest().getFit())) {
        continue;
      }
      Verdict verdict = judge(submission.manifest());
      Instant deadline = submission.letter().getSetAsideAt().plus(config.patience());
      if (verdict instanceof Verdict.Waits && now.isBefore(deadline)) {
        heldUp.add(submission.manifest().getFit());
        continue;
      }
      queue.remove();
      parkedBytes -= submission.bytes();
      memory.unpark(entry.getKey());
      carryOut(verdict, submission, now, decisions);
    }
  }

  private void cut(Instant now, List<Decision> decisions) {
    for (FitProgress progress : fits.values()) {
      refuseImpossible(progress, now, decisions);
      Optional<ExpertsChanged> experts = control.experts(progress.router());
      // Requests for the same penalty share a cut; nobody waits for the others.
      Map<Optional<Double>, List<String>> reached = new LinkedHashMap<>();
      for (Long offset : List.copyOf(requests.keySet())) {
        CutRequested request = requests.get(offset);
        if (request.getRouter().equals(progress.router()) && CutMaker.reached(progress, request)) {
          List<String> ids = reached.computeIfAbsent(request.getLambda(), l -> new ArrayList<>());
          // A cut names those that asked for it; the others get the next one.
          if (ids.size() < MAX_REQUESTS_OF_A_CUT) {
            ids.add(request.getRequest());
            settle(offset);
          }
        }
      }
      reached.forEach(
          (lambda, ids) -> make(progress, experts, ids, lambda, "demand", now, decisions));
      noteMissingTokens(progress, experts);
      cuts.due(progress, experts, now)
          .ifPresent(
              reason ->
                  make(progress, experts, List.of(), Optional.empty(), reason, now, decisions));
    }
  }

  private void settle(long offset) {
    requests.remove(offset);
    memory.markRequest(offset, false);
  }

  /** A request for a partition that the fit does not have would wait for ever. */
  private void refuseImpossible(FitProgress progress, Instant now, List<Decision> decisions) {
    for (Map.Entry<Long, CutRequested> entry : List.copyOf(requests.entrySet())) {
      CutRequested request = entry.getValue();
      Optional<Integer> unknown =
          request.getRouter().equals(progress.router())
              ? CutMaker.unknownPartition(progress, request)
              : Optional.empty();
      if (unknown.isPresent()) {
        settle(entry.getKey());
        decisions.add(
            new Decision.RequestRefused(
                entry.getKey(),
                request,
                "partition %d of token-batches is not in the fit of router %s"
                    .formatted(unknown.get(), progress.router()),
                now.toEpochMilli()));
      }
    }
  }

  private void noteMissingTokens(FitProgress progress, Optional<ExpertsChanged> experts) {
    if (progress.newSince().isEmpty()) {
      return;
    }
    Id fit = progress.fit().getId();
    Optional<String> missing = CutMaker.withoutTokens(progress, experts);
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
      Optional<ExpertsChanged> experts,
      List<String> ids,
      Optional<Double> lambda,
      String reason,
      Instant now,
      List<Decision> decisions) {
    long number = progress.cut();
    memory.keepProgress(progress.snapshot());
    Cut cut = cuts.make(progress, number, experts, ids, lambda, reason, now);
    decisions.add(new Decision.ToAll(cut, progress.fit().getId(), number, now.toEpochMilli()));
    decisions.add(new Decision.CutMade(cut, now.toEpochMilli()));
  }
}
