package io.dume.e2e.crash;

import io.dume.e2e.DumeProcess;
import io.dume.e2e.crash.Supervised.Blow;
import io.dume.schemas.kafka.Topics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleSupplier;

/**
 * One run: each of the {@link Cast} that is struck has a list of faults of its own in random order,
 * so that faults overlap, and a feed goes on all the time.
 */
final class CrashRun implements AutoCloseable {

  /** What the first feed keeps back for a worker that has to be caught in a flush. */
  private static final double RESERVE = 0.25;

  private static final Duration HUNT = Duration.ofMinutes(2);
  private static final Duration DAMAGE = Duration.ofMinutes(4);
  private static final Duration FORGET = Duration.ofMinutes(3);

  /** Several times what a fault takes on a busy machine. */
  private static final Duration MOST_PER_KILL = Duration.ofMinutes(3);

  private static final Duration MOST_BESIDES = Duration.ofMinutes(5);

  private static final String ZOMBIE =
      "worker SIGSTOP in a flush until it was aborted, then SIGCONT";

  private final Material material;
  private final Path directory;
  private final int kills;
  private final long seed;
  private final Tally tally = new Tally();
  private final Cast cast;
  private final AtomicInteger done = new AtomicInteger();

  /** Whether a zombie is looking for a flush, which only text that comes in brings about. */
  private volatile boolean hunting;

  /** Held by a zombie, which nobody may put out of its misery, and by what strikes everything. */
  private final Lock zombies = new ReentrantLock();

  private int steps;

  /** A fault that is struck after a random time. */
  private interface Strike {
    void run() throws InterruptedException;
  }

  /**
   * @param kills how often each service is killed, and as often terminated
   */
  CrashRun(Material material, Path directory, Path logs, int kills, long seed) {
    this.material = material;
    this.directory = directory;
    this.kills = kills;
    this.seed = seed;
    this.cast = new Cast(material, directory, logs, seed, tally);
  }

  /** Runs until every fault was struck and everything is fed, and returns what there is then. */
  Ledger run() throws InterruptedException, IOException {
    cast.start();
    List<Callable<Void>> parts = new ArrayList<>();
    parts.add(part(cast.worker(), ofWorker()));
    parts.add(part(cast.accumulator(), ofAccumulator()));
    parts.add(part(cast.solver(), blows(cast.solver(), "solver", kills)));
    parts.add(spread(ofAll()));
    try (DumeProcess feed = cast.feed("feed");
        DumeProcess again = cast.feed("feed-again")) {
      DoubleSupplier share = () -> (done.get() + 1.0) / steps;
      DoubleSupplier first =
          () -> done.get() < steps ? (1 - RESERVE) * share.getAsDouble() : share.getAsDouble();
      parts.add(feeding(feed, first, () -> hunting));
      // In the middle of the run everything is fed a second time, from the beginning.
      parts.add(feeding(again, () -> 2 * share.getAsDouble() - 1, () -> false));
      cast.awaitReady();
      tally.note("all are at work");
      all(parts, List.of(cast.visitingWorker(), cast.visitingAccumulator()));
    }
    tally.note("all faults are struck and everything is fed");
    Ledger ledger = Ledger.close(cast.bootstrap(), directory);
    tally.note("the last version is there");
    return ledger;
  }

  private Callable<Void> feeding(DumeProcess feed, DoubleSupplier share, BooleanSupplier atOnce) {
    Feeder feeder = new Feeder(feed, material.lines(), share, atOnce, cast.moments("feeder"), 40);
    return () -> {
      feeder.run();
      return null;
    };
  }

  /** Runs parts to their end while visitors come and go. */
  private void all(List<Callable<Void>> parts, List<Visitor> visitors) throws InterruptedException {
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      CompletionService<Void> running = new ExecutorCompletionService<>(threads);
      parts.forEach(running::submit);
      visitors.forEach(
          visitor ->
              running.submit(
                  () -> {
                    visitor.run();
                    return null;
                  }));
      Duration most = MOST_BESIDES.plus(MOST_PER_KILL.multipliedBy(kills));
      long deadline = System.nanoTime() + most.toNanos();
      for (int ended = 0; ended < parts.size() + visitors.size(); ended++) {
        if (ended == parts.size()) {
          visitors.forEach(Visitor::over);
        }
        Future<Void> part = running.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        if (part == null) {
          throw new AssertionError(
              "seed %d: %d of %d faults are struck after %s, and %d of %d parts have ended"
                  .formatted(seed, done.get(), steps, most, ended, parts.size() + visitors.size()));
        }
        part.get();
      }
    } catch (ExecutionException e) {
      throw new AssertionError("seed " + seed + ": " + e.getCause().getMessage(), e.getCause());
    } finally {
      threads.shutdownNow();
    }
  }

  private Callable<Void> part(Supervised service, List<Strike> strikes) {
    Moments moments = cast.moments(service.name());
    Collections.shuffle(strikes, moments.random());
    steps += strikes.size();
    return () -> {
      for (Strike strike : strikes) {
        service.awaitStart();
        // Most strike at work, the others in whatever it is doing, starting too.
        if (moments.random().nextInt(4) > 0) {
          service.awaitReady(Duration.ofSeconds(20));
        }
        moments.pass(0, 4_000);
        strike.run();
        done.incrementAndGet();
      }
      return null;
    };
  }

  private List<Strike> blows(Supervised service, String name, int times) {
    List<Strike> strikes = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      for (Blow blow : Blow.values()) {
        strikes.add(
            () -> {
              tally.fault("%s %s".formatted(name, blow));
              service.strike(blow);
            });
      }
    }
    return strikes;
  }

  /** How often happens what takes longer than a kill. */
  private int some() {
    return Math.max(1, kills / 3);
  }

  private List<Strike> ofWorker() {
    Moments moments = cast.moments("zombie");
    List<Strike> strikes = blows(cast.worker(), "worker", kills);
    for (int i = 0; i < some(); i++) {
      strikes.add(alone(() -> cast.visitingWorker().during(() -> zombie(moments))));
    }
    return strikes;
  }

  private Strike alone(Strike strike) {
    return () -> {
      zombies.lockInterruptibly();
      try {
        strike.run();
      } finally {
        zombies.unlock();
      }
    };
  }

  /** Stops a worker in the middle of a flush until the broker and the group have given it up. */
  private void zombie(Moments moments) throws InterruptedException {
    String id = Topics.DEFAULT.prefix() + "worker-" + Cast.WORKER;
    try (ClusterProbe cluster = new ClusterProbe(cast.bootstrap())) {
      cast.worker().awaitReady(Duration.ofMinutes(2));
      DumeProcess victim = hunt(cluster, id, moments);
      cast.worker().blame();
      tally.fault(ZOMBIE);
      long deadline = System.nanoTime() + FORGET.toNanos();
      while (!cluster.isForgotten(id, id)) {
        requireTime(deadline, "the zombie is not given up within " + FORGET);
        moments.pass(500, 500);
      }
      moments.pass(0, 3_000);
      tally.note("the zombie wakes up");
      victim.signal("CONT");
      if (!victim.awaitEnd(Duration.ofMinutes(2))) {
        throw new AssertionError("the zombie was not fenced: " + victim.output());
      }
      if (!victim.output().contains("was fenced")) {
        throw new AssertionError("the zombie ended for another reason: " + victim.output());
      }
    }
  }

  /** Stops the worker again and again, until it was in a flush. */
  private DumeProcess hunt(ClusterProbe cluster, String id, Moments moments)
      throws InterruptedException {
    long deadline = System.nanoTime() + HUNT.toNanos();
    hunting = true;
    try {
      DumeProcess victim = cast.worker().awaitStart();
      victim.signal("STOP");
      while (!cluster.inTransaction(id)) {
        victim.signal("CONT");
        requireTime(deadline, "the worker was not caught in a flush within " + HUNT);
        moments.pass(5, 100);
        victim = cast.worker().awaitStart();
        victim.signal("STOP");
      }
      return victim;
    } finally {
      hunting = false;
    }
  }

  private static void requireTime(long deadline, String otherwise) {
    if (System.nanoTime() - deadline > 0) {
      throw new AssertionError(otherwise);
    }
  }

  private List<Strike> ofAccumulator() {
    Moments moments = cast.moments("state");
    List<Strike> strikes = blows(cast.accumulator(), "accumulator", kills);
    for (int i = 0; i < some(); i++) {
      for (Blow blow : Blow.values()) {
        strikes.add(() -> damage(blow, "deleted", StateDamage::delete));
        strikes.add(
            () ->
                damage(
                    blow,
                    "half deleted",
                    state -> StateDamage.deleteHalf(state, moments.random())));
      }
    }
    return strikes;
  }

  /** Deletes files of a directory and returns how many. */
  private interface Damage {
    int of(Path state) throws IOException;
  }

  private void damage(Blow blow, String name, Damage damage) throws InterruptedException {
    Supervised accumulator = cast.accumulator();
    int deleted = 0;
    long deadline = System.nanoTime() + DAMAGE.toNanos();
    // What was struck before it had any state is struck again.
    while (deleted == 0) {
      requireTime(deadline, "the accumulator has no state to be damaged within " + DAMAGE);
      accumulator.awaitReady(Duration.ofSeconds(60));
      try {
        accumulator.strikeAndHold(blow);
        deleted = damage.of(cast.state());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } finally {
        accumulator.release();
      }
    }
    tally.fault("accumulator %s, state directory %s".formatted(blow, name));
    tally.note("%d files of the state are gone".formatted(deleted));
  }

  /** Faults of more than one service. */
  private List<Strike> ofAll() {
    List<Strike> strikes = blows(cast.broker(), "broker", some());
    for (int i = 0; i < some(); i++) {
      for (Blow blow : Blow.values()) {
        strikes.add(alone(() -> strikeAll(blow)));
      }
    }
    return strikes;
  }

  /** Strikes one after the other, spread over all the others. */
  private Callable<Void> spread(List<Strike> strikes) {
    Moments moments = cast.moments("spread");
    Collections.shuffle(strikes, moments.random());
    int others = steps;
    steps += strikes.size();
    return () -> {
      int struck = 0;
      for (Strike strike : strikes) {
        while (done.get() - struck < others * (struck + 1) / (strikes.size() + 1)) {
          moments.pass(100, 100);
        }
        moments.pass(0, 3_000);
        strike.run();
        struck++;
        done.incrementAndGet();
      }
      return null;
    };
  }

  private void strikeAll(Blow blow) throws InterruptedException {
    tally.fault("all services at once %s".formatted(blow));
    List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
    List<Thread> threads = new ArrayList<>();
    for (Supervised service : cast.services()) {
      Thread thread =
          new Thread(
              () -> {
                try {
                  service.strikeIfThere(blow);
                } catch (InterruptedException | CancellationException | AssertionError e) {
                  failures.add(e);
                }
              },
              "blow-" + service.name());
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    for (Throwable failure : failures) {
      throw new AssertionError(failure.getMessage(), failure);
    }
  }

  Tally tally() {
    return tally;
  }

  /** Ends every process. */
  @Override
  public void close() {
    cast.close();
  }
}
