package io.dume.e2e.simulation;

import io.dume.schemas.control.FitStatus;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.Id;
import io.dume.schemas.wire.Ids;
import io.dume.topology.fold.FoldConfig;
import io.dume.topology.sequencer.CutPolicy;
import io.dume.topology.sequencer.SequencerConfig;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.apache.avro.specific.SpecificRecord;

/** An installation on which everything that happens is picked by one random number generator. */
final class World {
  static final String ROUTER = "default";
  static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final int MAX_WORKERS = 5;
  private static final int MAX_ROUNDS = 2000;

  private final Random random;
  private final Plan plan;
  private final Cluster cluster;
  private final List<String> trace = new ArrayList<>();
  private final Map<Id, Integer> listOfFlush = new HashMap<>();
  private final Map<Log.Entry, Optional<SpecificRecord>> decoded = new IdentityHashMap<>();
  private final List<Worker> workers = new ArrayList<>();
  private final List<FoldPart> folds = new ArrayList<>();
  private final SequencerPart sequencer;
  private final SolverPart solver;
  private final Administrator administrator;
  private final Feed feed;
  private Instant now = START;
  private boolean calm;
  private int instances;

  World(long seed, Plan plan) {
    this.random = new Random(seed);
    this.plan = plan;
    int partitions = plan.fit().getStatisticsPartitions();
    this.cluster = new Cluster(plan.fit().getStart().size(), partitions);
    CutPolicy cuts = new CutPolicy(20 + random.nextInt(200), Duration.ofSeconds(20));
    this.sequencer =
        new SequencerPart(this, new SequencerConfig(partitions, cuts, Duration.ofHours(1)));
    for (int p = 0; p < partitions; p++) {
      folds.add(new FoldPart(this, FoldConfig.of(partitions), p));
    }
    this.solver = new SolverPart(this);
    this.administrator = new Administrator(this);
    this.feed = new Feed(this, plan.given().map(Plan.Given::batches).orElse(List.of()));
  }

  static <T> T pick(Random random, List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  Random random() {
    return random;
  }

  Cluster cluster() {
    return cluster;
  }

  Instant now() {
    return now;
  }

  Plan plan() {
    return plan;
  }

  Administrator administrator() {
    return administrator;
  }

  Feed feed() {
    return feed;
  }

  SequencerPart sequencer() {
    return sequencer;
  }

  List<FoldPart> folds() {
    return folds;
  }

  SolverPart solver() {
    return solver;
  }

  List<Expert> modelExperts() {
    return administrator.model();
  }

  Cluster.Group group(Id fit) {
    return cluster.group(Ids.hex(fit));
  }

  void trace(String format, Object... arguments) {
    trace.add(format.formatted(arguments));
  }

  List<String> trace() {
    return trace;
  }

  /** The id of a new flush, of records that were judged by a list of experts. */
  Id newFlush(int list) {
    byte[] bytes = new byte[Ids.BYTES];
    random.nextBytes(bytes);
    Id id = new Id(bytes);
    listOfFlush.put(id, list);
    return id;
  }

  int listOf(Id flush) {
    return listOfFlush.get(flush);
  }

  /** Whether who has just committed dies before it knows. */
  boolean crashesNow() {
    return !calm && random.nextInt(12) == 0;
  }

  /** The messages of a partition that can be read. */
  List<SpecificRecord> messages(String topic, int partition) {
    return cluster.log(topic, partition).committed().stream()
        .flatMap(entry -> decoded.computeIfAbsent(entry, ControlReader::message).stream())
        .toList();
  }

  void startWorker(Fit fit) {
    Set<String> taken = new HashSet<>();
    workers.forEach(w -> taken.add(w.name()));
    // One that died comes back under its name, or another is started.
    String name = "worker-" + (random.nextBoolean() ? instances : random.nextInt(instances + 1));
    if (taken.contains(name)) {
      name = "worker-" + instances;
    }
    instances++;
    trace("%s starts for fit \"%s\"", name, fit.getLabel());
    workers.add(new Worker(this, name, fit));
  }

  void end(Worker worker) {
    workers.remove(worker);
  }

  void leave(Worker worker) {
    group(worker.fit().getId()).members().remove(worker.name());
  }

  private List<Fit> openFits() {
    return administrator.state().fits(ROUTER).stream()
        .filter(
            f -> !administrator.state().status(f.getId()).equals(Optional.of(FitStatus.RETIRED)))
        .toList();
  }

  /** Runs until everything has come to rest; returns the id of the last request for a cut. */
  String run() {
    administrator.begin(plan);
    startWorker(plan.fit());
    startWorker(plan.fit());
    for (int i = 0; i < plan.steps() || !feed.done(); i++) {
      now = now.plusMillis(random.nextInt(200));
      step();
    }
    calm = true;
    settle();
    if (plan.given().isEmpty()) {
      feed.sendForAll();
    }
    String last = administrator.request(Optional.empty(), false);
    settle();
    return last;
  }

  private void step() {
    int what = random.nextInt(200);
    if (what < 70) {
      if (!workers.isEmpty()) {
        pick(random, workers).step();
      }
    } else if (what < 95) {
      stepSequencer();
    } else if (what < 130) {
      stepFold(pick(random, folds));
    } else if (what < 140) {
      stepSolver();
    } else if (what < 170) {
      if (plan.given().isPresent()) {
        feed.sendGiven();
      } else {
        feed.send();
      }
    } else if (what < 176) {
      rebalance(pick(random, openFits()).getId());
    } else if (what < 185) {
      disturb();
    } else if (what < 190) {
      if (workers.size() < MAX_WORKERS) {
        startWorker(pick(random, openFits()));
      }
    } else {
      change();
    }
  }

  private void change() {
    int what = random.nextInt(10);
    if (what == 0) {
      cluster.log(Cluster.COUNTED_IDS, random.nextInt(plan.fit().getStart().size())).compact();
    } else if (what == 1) {
      nonsense();
    } else if (plan.given().isPresent() || what < 5) {
      administrator.request();
    } else if (what < 8) {
      administrator.change();
    } else {
      administrator.moveOn();
    }
  }

  private void nonsense() {
    byte[] bytes = new byte[random.nextInt(50)];
    random.nextBytes(bytes);
    List<String> topics =
        List.of(
            Cluster.CONTROL,
            Cluster.MANIFESTS,
            Cluster.PARTIAL_STATISTICS,
            Cluster.COUNTED_IDS,
            Cluster.LAYER_STATISTICS);
    String topic = pick(random, topics);
    int partition = random.nextInt(cluster.partitions(topic));
    trace("nonsense in %s", topic);
    cluster.log(topic, partition).append(bytes, bytes, 0, Log.Transaction.NONE);
  }

  private void disturb() {
    int what = random.nextInt(8);
    if (what < 2 && !workers.isEmpty()) {
      Worker dead = pick(random, workers);
      trace("%s dies", dead.name());
      end(dead);
    } else if (what < 4 && !workers.isEmpty()) {
      pick(random, workers).abort();
    } else if (what == 4 && !cluster.open().isEmpty()) {
      String slow = pick(random, cluster.open());
      trace("the transaction of %s takes too long", slow);
      cluster.expire(slow);
    } else if (what == 5) {
      trace("the sequencer dies");
      sequencer.crash();
    } else if (what == 6) {
      trace("a fold dies");
      pick(random, folds).crash();
    } else if (what == 7) {
      trace("the solver dies");
      solver.crash();
    }
  }

  private void stepSequencer() {
    if (!sequencer.running()) {
      sequencer.start();
      return;
    }
    int what = random.nextInt(10);
    try {
      if (what == 0) {
        sequencer.tick();
      } else if (what < 3) {
        sequencer.commit();
      } else {
        sequencer.step();
      }
    } catch (Cluster.FencedException e) {
      trace("the sequencer is fenced");
      sequencer.crash();
    }
  }

  private void stepFold(FoldPart fold) {
    if (!fold.running()) {
      fold.start();
      return;
    }
    try {
      if (random.nextInt(4) == 0) {
        fold.commit();
      } else {
        fold.step();
      }
    } catch (Cluster.FencedException e) {
      trace("a fold is fenced");
      fold.crash();
    }
  }

  private boolean stepSolver() {
    if (!solver.running()) {
      solver.start();
      return true;
    }
    try {
      return solver.step();
    } catch (Cluster.FencedException e) {
      trace("the solver is fenced");
      solver.crash();
      return true;
    }
  }

  private void rebalance(Id fit) {
    List<Worker> there = new ArrayList<>();
    for (Worker worker : List.copyOf(workers)) {
      boolean hears = calm || random.nextInt(4) > 0;
      if (worker.fit().getId().equals(fit) && hears && worker.revoke()) {
        there.add(worker);
      }
    }
    Map<String, Set<Integer>> assignment = new LinkedHashMap<>();
    there.forEach(worker -> assignment.put(worker.name(), new HashSet<>()));
    for (int p = 0; p < plan.fit().getStart().size() && !there.isEmpty(); p++) {
      assignment.get(pick(random, there).name()).add(p);
    }
    group(fit).next(assignment);
    there.forEach(worker -> worker.assigned(group(fit).generation()));
    trace("rebalance: %s", assignment);
  }

  /** Nothing is disturbed any more: what is down starts, and all work until there is none. */
  private void settle() {
    trace("calm");
    int quiet = 0;
    for (int round = 0; quiet < 5; round++) {
      if (round > MAX_ROUNDS) {
        throw new AssertionError("no end in %d rounds".formatted(round));
      }
      now = now.plusSeconds(3);
      quiet = round() ? 0 : quiet + 1;
    }
  }

  private boolean round() {
    boolean moved = clearUp();
    for (Worker worker : List.copyOf(workers)) {
      for (int i = 0; i < 50 && worker.step(); i++) {
        moved = true;
      }
    }
    while (sequencer.step()) {
      moved = true;
    }
    sequencer.tick();
    sequencer.commit();
    for (FoldPart fold : folds) {
      while (fold.step()) {
        moved = true;
      }
      fold.commit();
    }
    while (stepSolver()) {
      moved = true;
    }
    return moved;
  }

  private boolean clearUp() {
    boolean moved = false;
    Set<String> alive = new HashSet<>();
    workers.forEach(w -> alive.add(w.name()));
    for (String id : cluster.open()) {
      if (id.startsWith("worker-") && !alive.contains(id)) {
        cluster.expire(id);
        moved = true;
      }
    }
    if (!sequencer.running() || !sequencer.healthy()) {
      sequencer.start();
      moved = true;
    }
    for (FoldPart fold : folds) {
      if (!fold.running() || !fold.healthy()) {
        fold.start();
        moved = true;
      }
    }
    for (Fit fit : openFits()) {
      List<Worker> own = workers.stream().filter(w -> w.fit().getId().equals(fit.getId())).toList();
      if (own.isEmpty()) {
        startWorker(fit);
        moved = true;
      }
      Set<String> names = new HashSet<>();
      own.forEach(w -> names.add(w.name()));
      if (own.isEmpty()
          || own.stream().anyMatch(Worker::wantsPartitions)
          || !group(fit.getId()).members().equals(names)) {
        rebalance(fit.getId());
        moved = true;
      }
    }
    return moved;
  }
}
