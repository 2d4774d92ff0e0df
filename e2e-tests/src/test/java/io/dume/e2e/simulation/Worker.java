package io.dume.e2e.simulation;

import io.dume.e2e.simulation.Cluster.FencedException;
import io.dume.e2e.simulation.Cluster.Group;
import io.dume.e2e.simulation.Cluster.RebalancedException;
import io.dume.extractor.Extraction;
import io.dume.extractor.FlushOutput;
import io.dume.extractor.FlushPolicy;
import io.dume.schemas.control.FitStatus;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Fit;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.Wire;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * A worker's loop, cut into steps between which anything can happen to it: as the feature
 * extractor's, around the same {@link Extraction}.
 */
final class Worker {
  private enum State {
    /** Waits for partitions. */
    JOINING,
    /** Has partitions, and asks where they go on. */
    ASSIGNED,
    /** Reads the counted ids. */
    RESTORING,
    READY,
    /** A flush is sent. */
    SENT,
    /** And its offsets. */
    OFFSETS_SENT
  }

  private static final FlushPolicy POLICY = new FlushPolicy(Duration.ofSeconds(2), 40, 1);

  private final World world;
  private final String name;
  private final Cluster.Producer producer;
  private final ControlReader control;
  private final Deque<ConsumerRecord<byte[], byte[]>> batch = new ArrayDeque<>();
  private final Map<Integer, Long> batchEnds = new HashMap<>();
  private final Map<Integer, Long> countedEnds = new HashMap<>();
  private Fit fit;
  private Extraction extraction;
  private State state = State.JOINING;
  private int generation = -1;
  private int listInUse;

  Worker(World world, String name, Fit fit) {
    this.world = world;
    this.name = name;
    this.producer = world.cluster().producer(name);
    this.control = new ControlReader(world.cluster());
    control.catchUp();
    join(fit);
  }

  private void join(Fit joined) {
    fit = joined;
    boolean roomy = world.random().nextBoolean();
    FlushPolicy policy =
        roomy ? new FlushPolicy(POLICY.interval(), POLICY.tokens(), 1L << 30) : POLICY;
    extraction =
        new Extraction(
            name,
            fit,
            policy,
            new HashedFeatures(fit, world::modelExperts),
            control.state(),
            () -> world.newFlush(listInUse));
    state = State.JOINING;
    generation = -1;
    noteList();
  }

  String name() {
    return name;
  }

  Fit fit() {
    return fit;
  }

  private Group group() {
    return world.group(fit.getId());
  }

  boolean wantsPartitions() {
    return state == State.JOINING || !group().has(name, generation);
  }

  private Optional<FitStatus> status() {
    return control.state().status(fit.getId());
  }

  private boolean open() {
    return status().filter(s -> s != FitStatus.RETIRED).isPresent();
  }

  /** The list that records are judged by: a newer one holds only from a flush on. */
  private void noteList() {
    if (extraction.nothingNew()) {
      listInUse =
          control.state().experts(fit.getId()).map(ExpertsChanged::getVersion).orElse(listInUse);
    }
  }

  private void noteControl() {
    control
        .state()
        .failure(fit.getId())
        .ifPresent(
            reason -> {
              throw new AssertionError("the fit was stopped: " + reason);
            });
    if (open()) {
      noteList();
      extraction.controlChanged();
    }
  }

  /** The next step; returns false if there was nothing to do. */
  boolean step() {
    try {
      return switch (state) {
        case JOINING -> leaveIfOver();
        case ASSIGNED -> start();
        case RESTORING -> restore();
        case READY -> work();
        case SENT -> sendOffsets();
        case OFFSETS_SENT -> commit();
      };
    } catch (FencedException e) {
      world.trace("%s is fenced and ends", name);
      world.end(this);
      return true;
    } catch (RebalancedException e) {
      world.trace("%s aborts: the group went on without it", name);
      producer.abort();
      lose();
      return true;
    }
  }

  /** What the group tells a member that it went on without. */
  private void lose() {
    extraction.release();
    forgetBatch();
    state = State.JOINING;
  }

  private void forgetBatch() {
    batch.clear();
    batchEnds.clear();
  }

  private boolean leaveIfOver() {
    control.read(1);
    if (open()) {
      return false;
    }
    follow();
    return true;
  }

  /** Goes over to the fit that serves the router now. */
  private void follow() {
    extraction.release();
    forgetBatch();
    world.leave(this);
    control.catchUp();
    Fit serving = control.state().fit(World.ROUTER).orElseThrow();
    world.trace("%s follows to fit %s", name, serving.getLabel());
    join(serving);
  }

  /** Its place in the group's next generation. */
  void assigned(int newGeneration) {
    generation = newGeneration;
    state = State.ASSIGNED;
  }

  private boolean start() {
    if (!group().has(name, generation)) {
      lose();
      return true;
    }
    Set<Integer> partitions = group().partitions(name);
    if (group().unstable(partitions)) {
      return false;
    }
    Map<Integer, Long> starts = new HashMap<>();
    fit.getStart().stream()
        .filter(s -> partitions.contains(s.getPartition()))
        .forEach(s -> starts.put(s.getPartition(), s.getOffset()));
    group().committed().forEach(starts::replace);
    extraction.assign(starts);
    countedEnds.clear();
    partitions.forEach(p -> countedEnds.put(p, counted(p).end()));
    state = State.RESTORING;
    return true;
  }

  private Log counted(int partition) {
    return world.cluster().log(Cluster.COUNTED_IDS, partition);
  }

  private boolean restore() {
    boolean stable =
        countedEnds.entrySet().stream()
            .allMatch(end -> counted(end.getKey()).stable() >= end.getValue());
    if (!stable) {
      return false;
    }
    for (int partition : countedEnds.keySet()) {
      long from = extraction.countedFrom(partition);
      for (Log.Entry entry : counted(partition).read(from, Integer.MAX_VALUE).entries()) {
        extraction.restoreCounted(
            partition, entry.offset(), entry.key(), Optional.of(entry.value()));
      }
    }
    state = State.READY;
    return true;
  }

  private boolean work() {
    if (!group().has(name, generation) && world.random().nextBoolean()) {
      world.trace("%s hears that it lost its partitions", name);
      lose();
      return true;
    }
    if (!open()) {
      return end();
    }
    if (!batch.isEmpty()) {
      process();
      return true;
    }
    if (extraction.flushDue(world.now())) {
      return flush();
    }
    boolean read = control.read(world.random().nextInt(3));
    noteControl();
    return open() && poll() || read;
  }

  private boolean end() {
    if (status().isPresent() && !extraction.nothingNew()) {
      return flush();
    }
    follow();
    return true;
  }

  private boolean poll() {
    int fetched = 0;
    boolean moved = false;
    for (Map.Entry<Integer, Long> at : extraction.processed().entrySet()) {
      int partition = at.getKey();
      Log log = world.cluster().log(Cluster.TOKEN_BATCHES, partition);
      Log.Batch read = log.read(at.getValue(), 1 + world.random().nextInt(6));
      for (Log.Entry entry : read.entries()) {
        batch.add(
            new ConsumerRecord<>(
                Cluster.TOKEN_BATCHES, partition, entry.offset(), entry.key(), entry.value()));
      }
      batchEnds.put(partition, read.next());
      fetched += read.entries().size();
      moved |= read.next() > at.getValue();
    }
    if (fetched > 0) {
      // What a user did before these were sent is done before they are judged.
      control.catchUp();
      noteControl();
    } else {
      advance();
    }
    return moved;
  }

  private void advance() {
    batchEnds.forEach(extraction::advance);
    batchEnds.clear();
  }

  private void process() {
    noteList();
    if (extraction.take(batch.element(), world.now()) == Extraction.Step.FLUSH_FIRST) {
      flush();
      return;
    }
    batch.remove();
    if (batch.isEmpty()) {
      advance();
    }
    if (extraction.flushDue(world.now())) {
      flush();
    }
  }

  /** Sends all of a flush, in a transaction that is still open after it. */
  private boolean flush() {
    extraction.flush(world.now(), this::send);
    state = State.SENT;
    return true;
  }

  private void send(FlushOutput output) {
    if (output instanceof FlushOutput.Tile tile) {
      byte[] value = Wire.encode(tile.tile());
      producer.send(Cluster.PARTIAL_STATISTICS, tile.partition(), tile.key(), value, 0);
    } else if (output instanceof FlushOutput.Counted counted) {
      producer.send(Cluster.COUNTED_IDS, counted.partition(), counted.key(), counted.value(), 0);
    } else if (output instanceof FlushOutput.Letter letter) {
      producer.send(Cluster.DEAD_LETTERS, 0, new byte[0], letter.value(), 0);
    } else if (output instanceof FlushOutput.Manifest manifest) {
      byte[] value = Wire.encode(manifest.manifest());
      String flush = Ids.hex(manifest.manifest().getFlush()).substring(0, 8);
      world.trace("%s sends flush %s of %s", name, flush, manifest.manifest().getRanges());
      producer.send(Cluster.MANIFESTS, 0, manifest.key(), value, 0);
    }
  }

  private boolean sendOffsets() {
    producer.sendOffsets(group(), name, generation, extraction.offsets());
    state = State.OFFSETS_SENT;
    return true;
  }

  private boolean commit() {
    producer.commit();
    world.trace("%s commits", name);
    if (world.crashesNow()) {
      world.trace("%s dies before it hears of the commit", name);
      world.end(this);
      return true;
    }
    extraction.committed(world.now());
    state = State.READY;
    if (batch.isEmpty()) {
      advance();
    }
    return true;
  }

  /** A flush in progress comes to nothing, and everything since the last one is read again. */
  boolean abort() {
    if (state != State.SENT && state != State.OFFSETS_SENT) {
      return false;
    }
    try {
      producer.abort();
    } catch (FencedException e) {
      world.end(this);
      return true;
    }
    world.trace("%s aborts", name);
    extraction.aborted();
    forgetBatch();
    state = State.ASSIGNED;
    return true;
  }

  /**
   * The group moves partitions, and this worker takes part: it flushes first.
   *
   * @return false if it can't, or does not hear of it
   */
  boolean revoke() {
    if (state == State.READY && group().has(name, generation)) {
      try {
        if (!extraction.nothingNew()) {
          flush();
          sendOffsets();
          commit();
        }
      } catch (FencedException e) {
        world.end(this);
        return false;
      }
      if (state != State.READY) {
        return false;
      }
      lose();
    } else if (state == State.ASSIGNED || state == State.RESTORING) {
      lose();
    }
    return state == State.JOINING;
  }
}
