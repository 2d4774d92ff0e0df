package io.dume.e2e.simulation;

import io.dume.schemas.kafka.DeadLetters;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.wire.StatisticsKey;
import io.dume.schemas.wire.Wire;
import io.dume.topology.fold.Incoming;
import io.dume.topology.sequencer.Decision;
import io.dume.topology.sequencer.Sequencer;
import io.dume.topology.sequencer.SequencerConfig;
import io.dume.topology.sequencer.Submission;
import io.dume.topology.synthetic.MapMemory;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;

/** The sequencer as its processor runs it: memory, positions and decisions in one transaction. */
final class SequencerPart {
  /** Something that it took, with the time; nothing where time alone had passed. */
  private record Taken(Optional<String> topic, Optional<Log.Entry> entry, Instant now) {}

  /** Takes what is decided. */
  interface Sink {
    void send(String topic, int partition, byte[] key, byte[] value, long orderTime);
  }

  private final World world;
  private final SequencerConfig config;
  private final List<Taken> history = new ArrayList<>();
  private final List<Taken> since = new ArrayList<>();
  private MapMemory committed = new MapMemory();
  private long committedManifests;
  private long committedControl;
  private MapMemory memory = new MapMemory();
  private long manifests;
  private long control;
  private Optional<Cluster.Producer> producer = Optional.empty();
  private Optional<Sequencer> sequencer = Optional.empty();

  SequencerPart(World world, SequencerConfig config) {
    this.world = world;
    this.config = config;
  }

  boolean running() {
    return sequencer.isPresent();
  }

  /** Starts where the last commit was. */
  void start() {
    producer = Optional.of(world.cluster().producer("sequencer"));
    memory = committed.copy();
    manifests = committedManifests;
    control = committedControl;
    since.clear();
    sequencer = Optional.of(new Sequencer(config, memory));
  }

  /** It is gone; a transaction that it had open stays so. */
  void crash() {
    sequencer = Optional.empty();
  }

  /** Takes the next record of one of its topics, or notes that time has passed. */
  boolean step() {
    boolean fromControl = world.random().nextBoolean();
    return fromControl ? control() || manifest() : manifest() || control();
  }

  boolean tick() {
    take(new Taken(Optional.empty(), Optional.empty(), world.now()));
    return true;
  }

  private boolean control() {
    Log.Batch batch = world.cluster().log(Cluster.CONTROL, 0).read(control, 1);
    boolean moved = batch.next() > control;
    control = batch.next();
    batch.entries().forEach(e -> take(taken(Cluster.CONTROL, e)));
    return moved;
  }

  private boolean manifest() {
    Log.Batch batch = world.cluster().log(Cluster.MANIFESTS, 0).read(manifests, 1);
    boolean moved = batch.next() > manifests;
    manifests = batch.next();
    batch.entries().forEach(e -> take(taken(Cluster.MANIFESTS, e)));
    return moved;
  }

  private Taken taken(String topic, Log.Entry entry) {
    return new Taken(Optional.of(topic), Optional.of(entry), world.now());
  }

  private void take(Taken taken) {
    since.add(taken);
    decide(sequencer.orElseThrow(), taken, this::send);
  }

  private void send(String topic, int partition, byte[] key, byte[] value, long orderTime) {
    producer.orElseThrow().send(topic, partition, key, value, orderTime);
  }

  private void decide(Sequencer with, Taken taken, Sink sink) {
    if (taken.entry().isEmpty()) {
      write(with.tick(taken.now()), sink);
      return;
    }
    Log.Entry entry = taken.entry().get();
    Optional<SpecificRecord> message = ControlReader.message(entry);
    Incoming in =
        new Incoming(
            new TopicPartition(taken.topic().orElseThrow(), 0),
            entry.offset(),
            taken.now().toEpochMilli(),
            Optional.of(entry.key()),
            Optional.of(entry.value()),
            new RecordHeaders());
    if (message.isEmpty()) {
      byte[] letter =
          DeadLetters.encode(in.letter("sequencer", "malformed-message", "", taken.now()));
      sink.send(Cluster.DEAD_LETTERS, 0, new byte[0], letter, 0);
    } else if (taken.topic().get().equals(Cluster.CONTROL)) {
      write(with.control(entry.offset(), message.get(), taken.now()), sink);
    } else {
      FlushManifest manifest = (FlushManifest) message.get();
      write(
          with.manifest(
              new Submission(manifest, in.letter("sequencer", "", "", taken.now())), taken.now()),
          sink);
    }
  }

  private void write(List<Decision> decisions, Sink sink) {
    for (Decision decision : decisions) {
      if (decision instanceof Decision.ToPartition order) {
        byte[] key = StatisticsKey.marker(order.order().getFit(), order.order().getSequence());
        byte[] value = Wire.encode(order.order());
        sink.send(Cluster.PARTIAL_STATISTICS, order.partition(), key, value, order.timestamp());
      } else if (decision instanceof Decision.ToAll order) {
        byte[] key = StatisticsKey.marker(order.fit(), order.number());
        byte[] value = Wire.encode(order.order());
        for (int p = 0; p < config.statisticsPartitions(); p++) {
          sink.send(Cluster.PARTIAL_STATISTICS, p, key, value, order.timestamp());
        }
      } else if (decision instanceof Decision.CutMade made) {
        byte[] key = StatisticsKey.marker(made.cut().getFit(), made.cut().getCut());
        sink.send(Cluster.CUTS, 0, key, Wire.encode(made.cut()), 0);
      } else if (decision instanceof Decision.FitStopped stopped) {
        sink.send(Cluster.CONTROL, 0, new byte[0], Wire.encode(stopped.failure()), 0);
      } else if (decision instanceof Decision.Refused refused) {
        byte[] letter = DeadLetters.encode(refused.letter());
        sink.send(Cluster.DEAD_LETTERS, 0, new byte[0], letter, 0);
      } else if (decision instanceof Decision.RequestRefused refused) {
        throw new AssertionError("a request that nobody can answer: " + refused);
      }
    }
  }

  /** Makes memory, positions and decisions hold. */
  void commit() {
    try {
      producer.orElseThrow().commit();
    } catch (Cluster.FencedException e) {
      world.trace("the sequencer's transaction took too long");
      crash();
      return;
    }
    committed = memory.copy();
    committedManifests = manifests;
    committedControl = control;
    history.addAll(since);
    since.clear();
  }

  /** Whether nobody has taken its place. */
  boolean healthy() {
    return producer.filter(Cluster.Producer::valid).isPresent();
  }

  /** What a sequencer that never stopped would have decided, in order. */
  void again(Sink sink) {
    Sequencer fresh = new Sequencer(config, new MapMemory());
    history.forEach(taken -> decide(fresh, taken, sink));
  }
}
