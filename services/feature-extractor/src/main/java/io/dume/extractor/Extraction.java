package io.dume.extractor;

import io.dume.schemas.control.ControlState;
import io.dume.schemas.kafka.DeadLetters;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.Id;
import io.dume.schemas.wire.FormatUnavailableException;
import io.dume.schemas.wire.MessageFormat;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a worker does with the records of its partitions, without any client: judges them, runs them
 * through the model, sums, tells when a flush is due and what is in it. The same calls give the
 * same flushes. Not thread-safe.
 *
 * <p>Partitions are {@linkplain #assign assigned} where the last committed flush ended, and the
 * topic of counted ids is {@linkplain #restoreCounted read} to its end before the first record. A
 * {@linkplain #flush flush} is open until it is {@linkplain #committed committed} or {@linkplain
 * #aborted aborted}. After an abort the partitions are assigned again and their records come again.
 */
public final class Extraction {
  /** What became of a record. */
  public enum Step {
    /** The next flush covers it. */
    TAKEN,
    /** Nothing yet: it must be given again after a flush, if that is committed. */
    FLUSH_FIRST
  }

  /** A manifest lists each with its id. */
  static final int MAX_DUPLICATES = 100_000;

  private static final Logger LOG = LoggerFactory.getLogger(Extraction.class);

  private final String worker;
  private final Fit fit;
  private final FlushPolicy policy;
  private final ExtractionModel model;
  private final ControlState control;
  private final Supplier<Id> flushIds;
  private final MessageFormat format;
  private final Unflushed taken;
  private final OpenCuts cuts = new OpenCuts();
  private final EarlierCounts earlier;
  private Domains domains;
  private RecordCheck check;
  private Optional<Instant> firstUnflushed = Optional.empty();
  private Optional<Instant> flushing = Optional.empty();
  private Duration lastFlush = Duration.ZERO;

  /**
   * A worker that has no partitions yet.
   *
   * @param worker its name in manifests
   * @param fit the fit that it works for
   * @param policy when to flush
   * @param model the merged model
   * @param control what the control log says, with a list of experts for the fit; whoever reads the
   *     log into it calls {@link #controlChanged} then
   * @param flushIds gives a new id for each flush
   * @throws ExtractorException if the model lacks an expert of the list
   */
  public Extraction(
      String worker,
      Fit fit,
      FlushPolicy policy,
      ExtractionModel model,
      ControlState control,
      Supplier<Id> flushIds) {
    this(
        worker,
        fit,
        policy,
        model,
        control,
        flushIds,
        MessageFormat.singleObject(),
        DeadLetters::encode);
  }

  /**
   * A worker whose topics may be in another format.
   *
   * @param format of token-batches
   * @param lettersAs of dead-letters
   */
  Extraction(
      String worker,
      Fit fit,
      FlushPolicy policy,
      ExtractionModel model,
      ControlState control,
      Supplier<Id> flushIds,
      MessageFormat format,
      Function<DeadLetter, byte[]> lettersAs) {
    this.worker = worker;
    this.fit = fit;
    this.policy = policy;
    this.model = model;
    this.control = control;
    this.flushIds = flushIds;
    this.format = format;
    this.earlier = new EarlierCounts(fit);
    this.taken = new Unflushed(fit, policy, lettersAs);
    useNewestList();
  }

  private boolean listIsOld() {
    return control.experts(fit.getId()).stream()
        .anyMatch(list -> list.getVersion() != domains.version());
  }

  private void useNewestList() {
    control.experts(fit.getId()).ifPresent(this::requireExperts);
    domains = Domains.of(control, fit.getId());
    check = new RecordCheck(fit, domains, format);
  }

  private void requireExperts(ExpertsChanged list) {
    if (Domains.missing(list, model.identity().experts()).isPresent() && model.refresh()) {
      LOG.info("the model has other experts now");
    }
    Domains.missing(list, model.identity().experts())
        .ifPresent(
            expert -> {
              // Not the records' fault: they must wait for a worker that has the expert.
              throw new ExtractorException(
                  "expert %s of list %d is not in this worker's model with the same MLPs: start the worker again with a merged model that has it"
                      .formatted(expert.getName(), list.getVersion()));
            });
  }

  /**
   * Takes what the control log says now into account. A new list of experts holds from the next
   * flush on, and makes one due.
   *
   * @throws ExtractorException if the model lacks an expert of a new list
   */
  public void controlChanged() {
    if (listIsOld() && nothingNew()) {
      useNewestList();
    }
    cuts.update(control, fit.getId());
  }

  /**
   * Has these partitions from now on, and no others. Nothing may have been read that was not
   * flushed.
   *
   * @param starts the position of each partition of token-batches that the last committed flush of
   *     the fit ended at, or where the fit starts
   */
  public void assign(Map<Integer, Long> starts) {
    requireNoFlush();
    if (!nothingNew()) {
      throw new IllegalStateException(
          "partitions can't be assigned before a flush of what was read");
    }
    taken.assign(starts);
    cuts.reset(control, fit.getId());
    earlier.assigned(starts);
  }

  /**
   * How far the topic of counted ids was read. Partitions that were this worker's before are read
   * on where it stopped.
   *
   * @param partition an assigned partition
   * @return the offset of the first record that {@link #restoreCounted} has not seen
   */
  public long countedFrom(int partition) {
    return taken.counted().from(partition);
  }

  /**
   * The next committed record of the topic of counted ids.
   *
   * @param partition an assigned partition
   * @param offset the record's
   * @param key its key
   * @param value its value, or nothing
   * @return what is wrong with the record, and then it changes nothing
   */
  public Optional<String> restoreCounted(
      int partition, long offset, byte[] key, Optional<byte[]> value) {
    return taken.counted().restore(partition, offset, key, value);
  }

  /**
   * The next record of a partition.
   *
   * @param record of token-batches, at or behind the partition's position
   * @param now the time
   * @return what became of it
   * @throws ExtractorException if this worker can't extract it, or lacks an expert
   * @throws FormatUnavailableException if the format of a topic depends on what does not answer;
   *     nothing has changed, and the record is to be given again
   */
  public Step take(ConsumerRecord<byte[], byte[]> record, Instant now) {
    requireNoFlush();
    if (listIsOld()) {
      if (!nothingNew()) {
        return Step.FLUSH_FIRST;
      }
      useNewestList();
    }
    earlier.compare(taken.counted());
    int partition = record.partition();
    Verdict verdict =
        check.judge(
            partition,
            orEmpty(record.key()),
            orEmpty(record.value()),
            id -> taken.counted().counted(partition, id, domains::live));
    if (verdict instanceof Verdict.Accepted accepted) {
      return extract(record, accepted, now);
    }
    if (verdict instanceof Verdict.Duplicate duplicate) {
      taken.positions().duplicate(partition, record.offset(), duplicate.id());
    } else if (verdict instanceof Verdict.Refused refused) {
      taken.setAside(record, refused, now);
    } else {
      taken.positions().leftOut(partition, record.offset());
    }
    return Step.TAKEN;
  }

  private static byte[] orEmpty(byte[] bytes) {
    return bytes == null ? new byte[0] : bytes;
  }

  private Step extract(
      ConsumerRecord<byte[], byte[]> record, Verdict.Accepted accepted, Instant now) {
    Slot slot = accepted.slot();
    if (!taken.accumulator().hasRoomFor(slot)) {
      return Step.FLUSH_FIRST;
    }
    try (RecordFeatures features = model.extract(slot.expert(), accepted.sequences())) {
      if (features.tokens() != accepted.tokens()) {
        throw new ExtractorException(
            "the model gave features of %d tokens for a record of %d"
                .formatted(features.tokens(), accepted.tokens()));
      }
      Optional<Verdict.Refused> refused = taken.accumulator().check(features);
      if (refused.isPresent()) {
        taken.setAside(record, refused.get(), now);
        return Step.TAKEN;
      }
      if (taken.accumulator().overflowsWith(slot, features)) {
        return Step.FLUSH_FIRST;
      }
      taken.add(record, accepted, features);
      return Step.TAKEN;
    } catch (ExtractorException | FormatUnavailableException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new ExtractorException(
          "%s, partition %d, offset %d (%d tokens of domain %s) could not be extracted: %s"
              .formatted(
                  record.topic(),
                  record.partition(),
                  record.offset(),
                  accepted.tokens(),
                  Domains.shortened(slot.domain()),
                  e.getMessage()),
          e);
    }
  }

  /**
   * Everything before a position of a partition was given, or is no record.
   *
   * @param partition an assigned partition
   * @param position the offset of the next record
   */
  public void advance(int partition, long position) {
    requireNoFlush();
    taken.positions().advance(partition, position);
  }

  /** {@return whether a flush would cover nothing} */
  public boolean nothingNew() {
    return taken.positions().nothingNew();
  }

  /**
   * Whether it is time for a flush: by the policy, for a cut, for a new list of experts, or because
   * the manifest or the dead letters grow too large.
   *
   * @param now the time
   * @return false if a flush would cover nothing
   */
  public boolean flushDue(Instant now) {
    if (nothingNew()) {
      return false;
    }
    Instant first = firstUnflushed.orElse(now);
    firstUnflushed = Optional.of(first);
    return !now.isBefore(first.plus(policy.after(lastFlush)))
        || taken.accumulator().tokens() >= policy.tokens()
        || taken.full()
        || listIsOld()
        || cuts.due(taken.positions());
  }

  /**
   * What a flush says about positions, for the transaction that it is sent in.
   *
   * @return the next position of each partition that the flush covers something of
   */
  public Map<Integer, Long> offsets() {
    Map<Integer, Long> offsets = new TreeMap<>();
    taken.positions().ranges().forEach(range -> offsets.put(range.getPartition(), range.getTo()));
    return offsets;
  }

  /** {@return the position of each assigned partition, before which everything was taken} */
  public Map<Integer, Long> processed() {
    return taken.positions().nextPositions();
  }

  /**
   * Opens a flush of everything that was taken.
   *
   * @param now the time
   * @param out takes the messages, the manifest last; they come one by one, since together they may
   *     be larger than memory
   */
  public void flush(Instant now, Consumer<? super FlushOutput> out) {
    requireNoFlush();
    flushing = Optional.of(now);
    taken.send(flushIds.get(), worker, domains.version(), now, out);
  }

  private void requireNoFlush() {
    if (flushing.isPresent()) {
      throw new IllegalStateException("a flush is open: commit or abort it first");
    }
  }

  /**
   * The open flush is committed.
   *
   * @param now the time
   */
  public void committed(Instant now) {
    Instant start =
        flushing.orElseThrow(() -> new IllegalStateException("no flush is open to be committed"));
    lastFlush = Duration.between(start, now);
    taken.committed(Duration.between(firstUnflushed.orElse(start), start), lastFlush);
    flushing = Optional.empty();
    firstUnflushed = Optional.empty();
  }

  /**
   * The open flush came to nothing, and with it everything that was taken since the last one. The
   * partitions must be assigned again.
   */
  public void aborted() {
    taken.drop();
    flushing = Optional.empty();
    firstUnflushed = Optional.empty();
  }

  /**
   * Has no partitions any more: they were revoked, or lost.
   *
   * @return true if that was in vain which was taken since the last flush
   */
  public boolean release() {
    boolean inVain = !nothingNew();
    aborted();
    taken.positions().clear();
    return inVain;
  }

  /** Bytes of the sums of one domain. */
  long slotBytes() {
    return taken.accumulator().slotBytes();
  }

  /** {@return figures up to now, without the ends of the partitions} */
  public ExtractorSnapshot snapshot() {
    return taken.snapshot();
  }
}
