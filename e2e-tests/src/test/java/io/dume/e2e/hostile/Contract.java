package io.dume.e2e.hostile;

import io.dume.e2e.GoldenOracle;
import io.dume.schemas.message.ApplyFlush;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.DiscardFlush;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitFailed;
import io.dume.schemas.message.ForgetFit;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.LayerComplete;
import io.dume.schemas.message.LayerFailed;
import io.dume.schemas.message.LayerTargets;
import io.dume.schemas.message.LayerTile;
import io.dume.schemas.message.StatisticsTile;
import io.dume.schemas.message.TakeAway;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.statistics.Tiles;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.MalformedMessageException;
import io.dume.schemas.wire.StatisticsKey;
import io.dume.schemas.wire.Wire;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.utils.Utils;

/**
 * What must become of a record, whoever wrote it: the documented rules, said a second time.
 *
 * @param fit the fit that runs
 * @param statisticsPartitions partitions of partial-statistics
 */
record Contract(Fit fit, int statisticsPartitions) {
  /** What becomes of a record. */
  enum Fate {
    /** In dead-letters, with its place and a reason. */
    SET_ASIDE,

    /** A held-out token batch that is right, however it came about: counted apart. */
    COUNTED,

    /**
     * An order about a fit that is not there. It is judged like any other: one that can't be is set
     * aside, one out of turn stops the fit that is not there.
     */
    ORDER,

    /**
     * A message that belongs there but changes nothing of the running fit, as those of other fits
     * and routers; and whatever is wrong in counted-ids, router-versions and dead-letters, whose
     * readers pass over it with a line in the log.
     */
    PASSED_OVER
  }

  Fate fate(String topic, int partition, byte[] key, byte[] value) {
    if (topic.equals(Messages.TOPICS.tokenBatches())) {
      return counted(partition, key, value).isPresent() ? Fate.COUNTED : Fate.SET_ASIDE;
    }
    if (topic.equals(Messages.TOPICS.flushManifests())) {
      return Fate.SET_ASIDE;
    }
    if (topic.equals(Messages.TOPICS.countedIds())
        || topic.equals(Messages.TOPICS.routerVersions())
        || topic.equals(Messages.TOPICS.deadLetters())) {
      return Fate.PASSED_OVER;
    }
    return decode(value).map(message -> fate(topic, message)).orElse(Fate.SET_ASIDE);
  }

  private Fate fate(String topic, SpecificRecord message) {
    if (!Messages.BY_TOPIC.get(topic).contains(message.getSchema())) {
      return Fate.SET_ASIDE;
    }
    if (topic.equals(Messages.TOPICS.control())) {
      return message instanceof CutRequested request && impossible(request)
          ? Fate.SET_ASIDE
          : Fate.PASSED_OVER;
    }
    if (topic.equals(Messages.TOPICS.partialStatistics())) {
      if (message instanceof ApplyFlush || message instanceof Cut) {
        return Fate.ORDER;
      }
      return message instanceof DiscardFlush
              || message instanceof TakeAway
              || message instanceof ForgetFit
              || message instanceof FitFailed
          ? Fate.PASSED_OVER
          : Fate.SET_ASIDE;
    }
    if (topic.equals(Messages.TOPICS.layerStatistics())) {
      return neverCut(message) ? Fate.SET_ASIDE : Fate.PASSED_OVER;
    }
    return Fate.PASSED_OVER;
  }

  private boolean impossible(CutRequested request) {
    return request.getRouter().equals("default")
        && request.getRequest().length() <= 256
        && request.getUpTo().stream()
            .anyMatch(p -> p.getPartition() < 0 || p.getPartition() >= fit.getStart().size());
  }

  /** Statistics of the running fit, of a cut after all that there are. */
  private boolean neverCut(SpecificRecord message) {
    if (message instanceof LayerTile tile) {
      return neverCut(tile.getFit(), tile.getCut());
    }
    if (message instanceof LayerTargets targets) {
      return neverCut(targets.getFit(), targets.getCut());
    }
    if (message instanceof LayerComplete complete) {
      return neverCut(complete.getFit(), complete.getCut());
    }
    return message instanceof LayerFailed failed && neverCut(failed.getFit(), failed.getCut());
  }

  private boolean neverCut(Id ofFit, long cut) {
    return ofFit.equals(fit.getId()) && cut > 1;
  }

  /** The batch, if it is right in everything; it may or may not be held out. */
  Optional<TokenBatch> counted(int partition, byte[] key, byte[] value) {
    return decode(value)
        .flatMap(m -> m instanceof TokenBatch batch ? Optional.of(batch) : Optional.empty())
        .filter(b -> value.length <= 16L * fit.getMaxRecordTokens() + (1 << 20))
        .filter(b -> Ids.ofRecord(b.getSource(), b.getDocument(), b.getPart()).equals(b.getId()))
        .filter(b -> Arrays.equals(key, b.getId().bytes()))
        .filter(b -> partition(key) == partition)
        .filter(b -> GoldenOracle.EXPERTS.contains(b.getDomain()))
        .filter(
            b ->
                b.getTokenizer().isEmpty()
                    || fit.getTokenizer().isEmpty()
                    || b.getTokenizer().equals(fit.getTokenizer()))
        .filter(b -> rightSequences(b.getSequences()));
  }

  private boolean rightSequences(List<List<Integer>> sequences) {
    return !sequences.isEmpty()
        && sequences.stream().mapToLong(List::size).sum() <= fit.getMaxRecordTokens()
        && sequences.stream().allMatch(s -> !s.isEmpty() && s.size() <= fit.getMaxSequenceTokens())
        && sequences.stream()
            .flatMap(List::stream)
            .allMatch(token -> token >= 0 && token < fit.getVocabulary());
  }

  /** Where the default partitioner puts a key of token-batches. */
  int partition(byte[] key) {
    return Utils.toPositive(Utils.murmur2(key)) % fit.getStart().size();
  }

  /** The flush under whose name a tile waits for an order, if it is one that can. */
  Optional<Id> staged(int partition, byte[] key, byte[] value) {
    return decode(value)
        .flatMap(m -> m instanceof StatisticsTile tile ? Optional.of(tile) : Optional.empty())
        .filter(t -> t.getLayer() >= 0 && t.getLayer() <= Short.MAX_VALUE)
        .filter(t -> t.getRow() >= 0 && t.getRow() <= Short.MAX_VALUE)
        .filter(t -> t.getCol() >= 0 && t.getCol() <= Short.MAX_VALUE)
        .filter(t -> Ids.partition(t.getFit(), t.getLayer(), statisticsPartitions) == partition)
        .filter(t -> Tiles.digest(t.getValues().duplicate()) == t.getDigest())
        .filter(t -> Arrays.equals(key(t), key))
        .map(StatisticsTile::getFlush);
  }

  static byte[] key(StatisticsTile tile) {
    return StatisticsKey.staged(
        tile.getFlush(),
        tile.getLayer(),
        tile.getSlot(),
        tile.getKind(),
        tile.getRow(),
        tile.getCol(),
        tile.getDigest());
  }

  static Optional<SpecificRecord> decode(byte[] value) {
    try {
      return Optional.of(Wire.decode(value));
    } catch (MalformedMessageException e) {
      return Optional.empty();
    }
  }
}
