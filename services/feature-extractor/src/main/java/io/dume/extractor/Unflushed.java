package io.dume.extractor;

import io.dume.schemas.message.CoveredRange;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.Id;
import io.dume.schemas.statistics.FixedPoint;
import io.dume.schemas.statistics.TileGrid;
import io.dume.schemas.wire.StatisticsKey;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a worker took since its last committed flush: sums, positions, counted ids and dead letters,
 * which are kept or dropped together. Not thread-safe.
 */
final class Unflushed {
  private static final Logger LOG = LoggerFactory.getLogger(Unflushed.class);

  private final Fit fit;
  private final Accumulator accumulator;
  private final CountedRecords counted;
  private final Positions positions = new Positions();
  private final PendingLetters letters;
  private ExtractorSnapshot done = ExtractorSnapshot.NOTHING;

  Unflushed(Fit fit, FlushPolicy policy, Function<DeadLetter, byte[]> lettersAs) {
    this.letters = new PendingLetters(lettersAs);
    this.fit = fit;
    this.counted = new CountedRecords(fit.getId());
    this.accumulator =
        new Accumulator(
            new TileGrid(fit.getWidth() + 1, fit.getTileSize()),
            new FixedPoint(fit.getFractionBits()),
            fit.getLayers(),
            policy.bytes());
  }

  Accumulator accumulator() {
    return accumulator;
  }

  CountedRecords counted() {
    return counted;
  }

  Positions positions() {
    return positions;
  }

  void assign(Map<Integer, Long> starts) {
    positions.clear();
    starts.forEach(positions::assign);
    counted.assign(starts.keySet());
  }

  /** A record that the accumulator has checked and has room for. */
  void add(
      ConsumerRecord<byte[], byte[]> record, Verdict.Accepted accepted, RecordFeatures features) {
    accumulator.add(accepted.slot(), features);
    counted.add(record.partition(), accepted.id(), accepted.slot().id());
    positions.processed(record.partition(), record.offset());
  }

  void setAside(ConsumerRecord<byte[], byte[]> record, Verdict.Refused refused, Instant now) {
    LOG.warn(
        "{} partition {} offset {} goes to dead-letters: {}: {}",
        record.topic(),
        record.partition(),
        record.offset(),
        refused.reason().wire(),
        refused.detail());
    letters.add(record, refused, now);
    positions.setAside(record.partition(), record.offset(), refused.reason());
  }

  /** Whether more of it would not fit into the messages of a flush. */
  boolean full() {
    return letters.full() || positions.duplicates() >= Extraction.MAX_DUPLICATES;
  }

  /** The messages of a flush, the manifest last. */
  void send(
      Id flush, String worker, int expertsVersion, Instant now, Consumer<? super FlushOutput> out) {
    List<CoveredRange> ranges = positions.ranges();
    FlushManifest manifest =
        new FlushMessages(flush, fit, worker, expertsVersion).send(accumulator, ranges, now, out);
    counted.forEachPending(
        (partition, id, slot) ->
            out.accept(
                new FlushOutput.Counted(
                    partition, StatisticsKey.counted(fit.getId(), id), slot.bytes())));
    letters.letters().forEach(letter -> out.accept(new FlushOutput.Letter(letter)));
    out.accept(new FlushOutput.Manifest(flush.bytes(), manifest));
  }

  /**
   * A flush of it is committed.
   *
   * @param collected from the first record to the flush
   * @param sent from the start of the flush to its end
   */
  void committed(Duration collected, Duration sent) {
    LOG.info(
        "flush: {} records, {} tokens ({} a second), {} set aside, {} duplicates, sent in {} ms",
        accumulator.records(),
        accumulator.tokens(),
        accumulator.tokens() * 1000 / Math.max(1, collected.toMillis()),
        letters.letters().size(),
        positions.duplicates(),
        sent.toMillis());
    done =
        new ExtractorSnapshot(
            0,
            done.records() + accumulator.records(),
            done.tokens() + accumulator.tokens(),
            done.setAside() + letters.letters().size(),
            done.flushes() + 1,
            0,
            0,
            done.duplicates() + positions.duplicates(),
            done.leftOut() + positions.leftOut(),
            Map.of());
    positions.flushed();
    counted.committed();
    accumulator.clear();
    letters.clear();
  }

  void drop() {
    positions.rollBack();
    counted.dropped();
    accumulator.clear();
    letters.clear();
  }

  ExtractorSnapshot snapshot() {
    Map<Integer, Long> next = positions.nextPositions();
    Map<Integer, ExtractorSnapshot.Progress> progress = new HashMap<>();
    positions
        .flushedPositions()
        .forEach(
            (partition, flushed) ->
                progress.put(
                    partition,
                    new ExtractorSnapshot.Progress(
                        flushed, next.get(partition), OptionalLong.empty())));
    long apart = letters.letters().size() + positions.duplicates() + positions.leftOut();
    return new ExtractorSnapshot(
        progress.size(),
        done.records(),
        done.tokens(),
        done.setAside(),
        done.flushes(),
        accumulator.records() + apart,
        accumulator.tokens(),
        done.duplicates(),
        done.leftOut(),
        progress);
  }
}
