package io.dume.e2e.simulation;

import io.dume.schemas.message.Cut;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.wire.Wire;
import io.dume.solver.SolverWithoutClients;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import org.apache.avro.specific.SpecificRecord;

/** A solver as its service runs it: one cut, its outcome and its position in a transaction. */
final class SolverPart {
  private final World world;

  /** For each version how far the control log was read for it. */
  private final Map<Long, Long> controlOf = new HashMap<>();

  private Optional<Cluster.Producer> producer = Optional.empty();
  private ControlReader control;
  private long committedPosition;
  private long position;
  private long pendingPosition;

  SolverPart(World world) {
    this.world = world;
    this.control = new ControlReader(world.cluster());
  }

  boolean running() {
    return producer.isPresent();
  }

  /** Takes over: fences who published before, and reads the last version. */
  void start() {
    producer = Optional.of(world.cluster().producer("solver"));
    control = new ControlReader(world.cluster());
    position = committedPosition;
    pendingPosition = position;
  }

  void crash() {
    producer = Optional.empty();
  }

  private long lastVersion() {
    return world.messages(Cluster.ROUTER_VERSIONS, 0).stream()
        .filter(RouterVersion.class::isInstance)
        .mapToLong(v -> ((RouterVersion) v).getVersion())
        .max()
        .orElse(0);
  }

  /** Sends the outcome of the next cut, whose transaction stays open; or commits what was sent. */
  boolean step() {
    if (pendingPosition > position) {
      return commit();
    }
    Log.Batch batch = world.cluster().log(Cluster.CUTS, 0).read(position, 1);
    if (batch.entries().isEmpty()) {
      boolean moved = batch.next() > position;
      position = batch.next();
      pendingPosition = position;
      return moved;
    }
    Cut cut = (Cut) ControlReader.message(batch.entries().get(0)).orElseThrow();
    control.catchUp();
    long version = lastVersion() + 1;
    Optional<List<SpecificRecord>> outcome =
        SolverWithoutClients.outcome(control.state(), cut, statistics(world), version, world.now());
    if (outcome.isEmpty()) {
      return false;
    }
    controlOf.put(version, control.position());
    for (SpecificRecord message : outcome.get()) {
      producer.get().send(Cluster.ROUTER_VERSIONS, 0, new byte[0], Wire.encode(message), 0);
    }
    pendingPosition = batch.next();
    return true;
  }

  private static IntFunction<List<SpecificRecord>> statistics(World world) {
    return partition -> world.messages(Cluster.LAYER_STATISTICS, partition);
  }

  private boolean commit() {
    try {
      producer.orElseThrow().commit();
    } catch (Cluster.FencedException e) {
      world.trace("the solver is fenced");
      crash();
      return true;
    }
    position = pendingPosition;
    committedPosition = position;
    if (world.crashesNow()) {
      world.trace("the solver dies before it hears of the commit");
      crash();
    }
    return true;
  }

  /** What a solver would make of a cut with the statistics of a fold that never stopped. */
  List<SpecificRecord> again(
      Cut cut, RouterVersion version, IntFunction<List<SpecificRecord>> statistics) {
    ControlReader then = new ControlReader(world.cluster()).to(controlOf.get(version.getVersion()));
    return SolverWithoutClients.outcome(
            then.state(), cut, statistics, version.getVersion(), version.getCreatedAt())
        .orElseThrow();
  }
}
