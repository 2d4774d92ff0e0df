package io.dume.topology.synthetic;

import io.dume.schemas.message.Cut;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.StatisticsTile;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.StatisticsKey;
import io.dume.schemas.wire.Wire;
import io.dume.topology.fold.Fold;
import io.dume.topology.fold.FoldConfig;
import io.dume.topology.fold.FoldOutput;
import io.dume.topology.fold.FoldStores;
import io.dume.topology.fold.Incoming;
import io.dume.topology.sequencer.Decision;
import io.dume.topology.sequencer.Sequencer;
import io.dume.topology.sequencer.SequencerConfig;
import io.dume.topology.sequencer.Submission;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * The sequencer and one fold a partition, on maps and with queues for topics: nothing moves but by
 * a call, and the time is what it was told. A record is read as a whole or not at all, as in a
 * transaction, so a restart may come between any two calls.
 */
public final class InMemoryTopology {
  private record Entry(byte[] key, SpecificRecord message, long orderTime) {}

  /** A partition of partial-statistics and its stores. */
  private static final class Partition {
    private final Deque<Entry> log = new ArrayDeque<>();
    private final MapShelf staging = new MapShelf();
    private final MapShelf gram = new MapShelf();
    private final MapShelf target = new MapShelf();
    private final MapShelf meta = new MapShelf();
    private final List<SpecificRecord> layers = new ArrayList<>();
    private Fold fold;
    private long offset;
  }

  private final SequencerConfig config;
  private final FoldConfig foldConfig;
  private final MapMemory memory = new MapMemory();
  private final List<Partition> partitions = new ArrayList<>();
  private final Deque<SpecificRecord> controlLog = new ArrayDeque<>();
  private final List<Cut> cuts = new ArrayList<>();
  private final List<DeadLetter> deadLetters = new ArrayList<>();
  private Sequencer sequencer;
  private long controlOffset;
  private Instant now;

  public InMemoryTopology(SequencerConfig config, Instant start) {
    this.config = config;
    this.foldConfig = FoldConfig.of(config.statisticsPartitions());
    this.now = start;
    restartSequencer();
    for (int p = 0; p < config.statisticsPartitions(); p++) {
      partitions.add(new Partition());
      restartFold(p);
    }
  }

  /** Another sequencer on the same memory. */
  public void restartSequencer() {
    sequencer = new Sequencer(config, memory);
  }

  /** Another fold on the same stores. */
  public void restartFold(int partition) {
    Partition p = partitions.get(partition);
    FoldStores stores = new FoldStores(p.staging, p.gram, p.target, p.meta);
    p.fold = new Fold(foldConfig, partition, stores);
  }

  /** Appends to the control log, which the sequencer reads at once. */
  public void control(SpecificRecord record) {
    controlLog.add(record);
    while (!controlLog.isEmpty()) {
      carryOut(sequencer.control(controlOffset++, controlLog.remove(), now));
    }
  }

  /** Appends a tile to its partition. */
  public void tile(StatisticsTile tile) {
    int partition = Ids.partition(tile.getFit(), tile.getLayer(), partitions.size());
    partitions
        .get(partition)
        .log
        .add(new Entry(SyntheticFlush.key(tile), tile, now.toEpochMilli()));
  }

  /** Hands a manifest to the sequencer. */
  public void manifest(FlushManifest manifest) {
    DeadLetter letter =
        new DeadLetter(
            "",
            "",
            "sequencer",
            "flush-manifests",
            0,
            0L,
            now,
            null,
            ByteBuffer.wrap(Wire.encode(manifest)),
            List.of(),
            now);
    carryOut(sequencer.manifest(new Submission(manifest, letter), now));
  }

  /** Lets time pass. */
  public void pass(Duration time) {
    now = now.plus(time);
    carryOut(sequencer.tick(now));
  }

  /** A fold takes the next record of its partition; false if there is none. */
  public boolean fold(int partition) {
    Partition p = partitions.get(partition);
    Entry entry = p.log.poll();
    if (entry == null) {
      return false;
    }
    RecordHeaders headers = new RecordHeaders();
    byte[] orderTime = ByteBuffer.allocate(Long.BYTES).putLong(entry.orderTime()).array();
    headers.add(Incoming.ORDER_TIME, orderTime);
    Incoming in =
        new Incoming(
            new TopicPartition("partial-statistics", partition),
            p.offset++,
            now.toEpochMilli(),
            Optional.of(entry.key()),
            Optional.of(Wire.encode(entry.message())),
            headers);
    p.fold.take(in, now, output -> write(p, output));
    return true;
  }

  /** All folds take all that is there. */
  public void foldAll() {
    for (int p = 0; p < partitions.size(); p++) {
      boolean more = true;
      while (more) {
        more = fold(p);
      }
    }
  }

  private void write(Partition partition, FoldOutput output) {
    if (output instanceof FoldOutput.LayerStatistics layer) {
      partition.layers.add(layer.message());
    } else if (output instanceof FoldOutput.FitStopped stopped) {
      control(stopped.failure());
    } else if (output instanceof FoldOutput.Refused refused) {
      deadLetters.add(refused.letter());
    }
  }

  private void carryOut(List<Decision> decisions) {
    for (Decision decision : decisions) {
      if (decision instanceof Decision.ToAll order) {
        byte[] key = StatisticsKey.marker(order.fit(), order.number());
        partitions.forEach(p -> p.log.add(new Entry(key, order.order(), order.timestamp())));
      } else if (decision instanceof Decision.ToPartition order) {
        Id fit = order.order().getFit();
        byte[] key = StatisticsKey.marker(fit, order.order().getSequence());
        partitions.get(order.partition()).log.add(new Entry(key, order.order(), order.timestamp()));
      } else if (decision instanceof Decision.CutMade made) {
        cuts.add(made.cut());
      } else if (decision instanceof Decision.FitStopped stopped) {
        controlLog.add(stopped.failure());
      } else if (decision instanceof Decision.Refused refused) {
        deadLetters.add(refused.letter());
      }
    }
  }

  /** The cuts so far. */
  public List<Cut> cuts() {
    return cuts;
  }

  /** What a partition of layer-statistics holds. */
  public List<SpecificRecord> layers(int partition) {
    return partitions.get(partition).layers;
  }

  public List<DeadLetter> deadLetters() {
    return deadLetters;
  }

  public MapMemory memory() {
    return memory;
  }

  public MapShelf staging(int partition) {
    return partitions.get(partition).staging;
  }

  /** The sums of A of a partition. */
  public MapShelf gram(int partition) {
    return partitions.get(partition).gram;
  }

  /** The sums of b of a partition. */
  public MapShelf target(int partition) {
    return partitions.get(partition).target;
  }
}
