package io.dume.e2e.crash;

import io.dume.e2e.DumeProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * A service that is started again whenever its process has ended, as a supervisor of a real
 * installation does. Safe for several threads.
 */
final class Supervised implements AutoCloseable {

  /** A service may take a minute to stop, and then leaves anyway. */
  private static final Duration STOP = Duration.ofSeconds(90);

  private static final Duration START = Duration.ofMinutes(2);

  private final String name;
  private final Path logs;
  private final Supplier<List<Object>> command;
  private final Pattern ready;
  private final Moments moments;
  private final Tally tally;
  private final Thread supervisor;

  private Optional<DumeProcess> current = Optional.empty();
  private int starts;
  private boolean held;
  private boolean struck;
  private boolean closed;

  /** How a process is made to end. */
  enum Blow {
    KILL("KILL", "kill -9"),
    TERMINATE("TERM", "SIGTERM");

    private final String signal;
    private final String text;

    Blow(String signal, String text) {
      this.signal = signal;
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /**
   * @param command the command line of the next start
   * @param ready a line that says that it is at work
   */
  Supervised(
      String name,
      Path logs,
      Supplier<List<Object>> command,
      String ready,
      Moments moments,
      Tally tally) {
    this.name = name;
    this.logs = logs;
    this.command = command;
    this.ready = Pattern.compile(ready);
    this.moments = moments;
    this.tally = tally;
    this.supervisor = new Thread(this::supervise, "supervisor-" + name);
    supervisor.setDaemon(true);
  }

  String name() {
    return name;
  }

  /** Starts it, if it has not been started before. */
  Supervised start() {
    supervisor.start();
    return this;
  }

  private void supervise() {
    try {
      while (true) {
        Optional<DumeProcess> process = next();
        if (process.isEmpty()) {
          return;
        }
        ended(process.get(), process.get().awaitEnd());
        moments.pass(0, 1500);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (CancellationException e) {
      // The run is over, and nobody starts it again.
      close();
    }
  }

  private synchronized Optional<DumeProcess> next() throws InterruptedException {
    while (held && !closed) {
      wait();
    }
    if (closed) {
      return Optional.empty();
    }
    struck = false;
    starts++;
    Path log = logs.resolve("%s-%03d.log".formatted(name, starts));
    current = Optional.of(DumeProcess.start(log, Map.of(), command.get().toArray(Object[]::new)));
    notifyAll();
    return current;
  }

  private synchronized void ended(DumeProcess process, int status) {
    current = Optional.empty();
    notifyAll();
    if (!struck && !closed) {
      String output = process.output().strip();
      tally.ownEnd(
          "%s-%03d ended by itself, status %d: %s"
              .formatted(name, starts, status, output.substring(output.lastIndexOf('\n') + 1)));
    }
  }

  /** The process, when it is there; one that nobody holds is not away for long. */
  synchronized DumeProcess awaitStart() throws InterruptedException {
    long deadline = System.nanoTime() + START.toNanos();
    while (current.isEmpty()) {
      if (closed) {
        throw new CancellationException(name + " is closed");
      }
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        throw new AssertionError("%s is not there after %s".formatted(name, START));
      }
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
    return current.get();
  }

  /** Waits until the process that runs is at work, or not any longer than this. */
  boolean awaitReady(Duration atMost) throws InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (System.nanoTime() - deadline < 0) {
      if (ready.matcher(awaitStart().output()).find()) {
        return true;
      }
      moments.pass(200, 200);
    }
    return false;
  }

  /** Ends the process that runs, or that is started next, and waits until it is gone. */
  void strike(Blow blow) throws InterruptedException {
    strike(awaitStart(), blow);
  }

  /** As {@link #strike}, or nothing where no process runs. */
  void strikeIfThere(Blow blow) throws InterruptedException {
    Optional<DumeProcess> victim;
    synchronized (this) {
      victim = current;
    }
    if (victim.isPresent()) {
      strike(victim.get(), blow);
    }
  }

  private void strike(DumeProcess victim, Blow blow) throws InterruptedException {
    blame();
    long start = System.nanoTime();
    victim.signal(blow.signal);
    if (!victim.awaitEnd(STOP)) {
      throw new AssertionError(
          "%s has not ended within %s of %s: %s".formatted(name, STOP, blow, victim.output()));
    }
    tally.stopped(name, blow, Duration.ofNanos(System.nanoTime() - start));
  }

  /** Says that the end of the process that runs is somebody's doing. */
  synchronized void blame() {
    struck = true;
  }

  /**
   * Ends the process that runs, or that is started next, and keeps it down. Both at once: between
   * them somebody else might end it, and what is kept down is never started.
   */
  void strikeAndHold(Blow blow) throws InterruptedException {
    DumeProcess victim;
    synchronized (this) {
      victim = awaitStart();
      held = true;
    }
    strike(victim, blow);
  }

  /** Starts it again if it is down. */
  synchronized void release() {
    held = false;
    notifyAll();
  }

  /** Ends it for good, in good order. */
  @Override
  public void close() {
    Optional<DumeProcess> last;
    synchronized (this) {
      closed = true;
      last = current;
      notifyAll();
    }
    last.ifPresent(DumeProcess::close);
  }
}
