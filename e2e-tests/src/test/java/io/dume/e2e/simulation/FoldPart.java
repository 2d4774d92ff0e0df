package io.dume.e2e.simulation;

import io.dume.schemas.kafka.DeadLetters;
import io.dume.schemas.wire.Wire;
import io.dume.topology.fold.Fold;
import io.dume.topology.fold.FoldConfig;
import io.dume.topology.fold.FoldOutput;
import io.dume.topology.fold.FoldStores;
import io.dume.topology.fold.Incoming;
import io.dume.topology.synthetic.MapShelf;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;

/** The fold of one partition as its processor runs it: stores, position and output together. */
final class FoldPart {
  private record Stores(MapShelf staging, MapShelf gram, MapShelf target, MapShelf meta) {
    static Stores empty() {
      return new Stores(new MapShelf(), new MapShelf(), new MapShelf(), new MapShelf());
    }

    Stores copy() {
      return new Stores(staging.copy(), gram.copy(), target.copy(), meta.copy());
    }

    Fold fold(FoldConfig config, int partition) {
      return new Fold(config, partition, new FoldStores(staging, gram, target, meta));
    }
  }

  private final World world;
  private final FoldConfig config;
  private final int partition;
  private Stores committed = Stores.empty();
  private long committedPosition;
  private Stores stores = Stores.empty();
  private long position;
  private Optional<Cluster.Producer> producer = Optional.empty();
  private Optional<Fold> fold = Optional.empty();

  FoldPart(World world, FoldConfig config, int partition) {
    this.world = world;
    this.config = config;
    this.partition = partition;
  }

  boolean running() {
    return fold.isPresent();
  }

  void start() {
    producer = Optional.of(world.cluster().producer("fold-" + partition));
    stores = committed.copy();
    position = committedPosition;
    fold = Optional.of(stores.fold(config, partition));
  }

  void crash() {
    fold = Optional.empty();
  }

  private Log log() {
    return world.cluster().log(Cluster.PARTIAL_STATISTICS, partition);
  }

  /** Takes some records. */
  boolean step() {
    Log.Batch batch = log().read(position, 1 + world.random().nextInt(40));
    boolean moved = batch.next() > position;
    position = batch.next();
    for (Log.Entry entry : batch.entries()) {
      fold.orElseThrow().take(incoming(entry, partition), world.now(), this::write);
    }
    return moved;
  }

  private static Incoming incoming(Log.Entry entry, int partition) {
    RecordHeaders headers = new RecordHeaders();
    if (entry.orderTime() > 0) {
      byte[] time = ByteBuffer.allocate(Long.BYTES).putLong(entry.orderTime()).array();
      headers.add(Incoming.ORDER_TIME, time);
    }
    return new Incoming(
        new TopicPartition(Cluster.PARTIAL_STATISTICS, partition),
        entry.offset(),
        World.START.toEpochMilli(),
        Optional.of(entry.key()),
        Optional.of(entry.value()),
        headers);
  }

  private void write(FoldOutput output) {
    Cluster.Producer to = producer.orElseThrow();
    if (output instanceof FoldOutput.LayerStatistics layer) {
      byte[] value = Wire.encode(layer.message());
      to.send(Cluster.LAYER_STATISTICS, partition, layer.key(), value, 0);
    } else if (output instanceof FoldOutput.FitStopped stopped) {
      throw new AssertionError("the fold stops a fit: " + stopped);
    } else if (output instanceof FoldOutput.Refused refused) {
      to.send(Cluster.DEAD_LETTERS, 0, new byte[0], DeadLetters.encode(refused.letter()), 0);
    }
  }

  void commit() {
    try {
      producer.orElseThrow().commit();
    } catch (Cluster.FencedException e) {
      world.trace("the transaction of fold %d took too long", partition);
      crash();
      return;
    }
    committed = stores.copy();
    committedPosition = position;
  }

  /** Whether nobody has taken its place. */
  boolean healthy() {
    return producer.filter(Cluster.Producer::valid).isPresent();
  }

  /** What a fold that never stopped would have written, from the log as it is now. */
  void again(Instant now, Consumer<FoldOutput> out) {
    Fold fresh = Stores.empty().fold(config, partition);
    log().committed().forEach(entry -> fresh.take(incoming(entry, partition), now, out));
  }

  /** Keys of all sums that are kept, of A and of b. */
  List<byte[]> sums() {
    List<byte[]> keys = new ArrayList<>(committed.gram().keys(new byte[0]));
    keys.addAll(committed.target().keys(new byte[0]));
    return keys;
  }

  /** Tiles that wait for an order. */
  int staged() {
    return committed.staging().size();
  }
}
