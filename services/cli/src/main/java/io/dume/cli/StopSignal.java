package io.dume.cli;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Lets a command run until Ctrl-C or a kill, and then end in good order.
 *
 * <p>A command calls {@link #arm} before it starts its services, and then waits. From then on the
 * JVM, which ends when its shutdown hooks have, is held until {@link Main} has seen the command end
 * and calls {@link #release}. A second Ctrl-C changes nothing; what hangs is given up after {@link
 * #GRACE}.
 */
final class StopSignal {

  /** How long services may take to stop before the process ends without them. */
  static final Duration GRACE = Duration.ofSeconds(60);

  private final CompletableFuture<Void> requested = new CompletableFuture<>();
  private final CountDownLatch released = new CountDownLatch(1);
  private final Consumer<Thread> shutdownHooks;
  private final AtomicBoolean armed = new AtomicBoolean();

  /**
   * @param shutdownHooks takes a thread that is run when the process is asked to end
   */
  StopSignal(Consumer<Thread> shutdownHooks) {
    this.shutdownHooks = shutdownHooks;
  }

  /** Begins to listen for signals; without it they end the process at once. */
  StopSignal arm() {
    if (armed.compareAndSet(false, true)) {
      shutdownHooks.accept(new Thread(this::holdProcess, "dume-stop"));
    }
    return this;
  }

  /** Whether the process was asked to stop. */
  boolean requested() {
    return requested.isDone();
  }

  /** Runs an action when the process is asked to stop, or at once if it was. */
  void onRequest(Runnable action) {
    requested.thenRun(action);
  }

  /** Asks to stop, as a signal does. */
  void request() {
    requested.complete(null);
  }

  /**
   * Waits until the process is asked to stop.
   *
   * @throws InterruptedException if this thread is interrupted
   */
  void await() throws InterruptedException {
    await(new CompletableFuture<>());
  }

  /**
   * Waits until the process is asked to stop or a service has failed.
   *
   * @param failure completes, with the reason or exceptionally, if the service cannot go on
   * @throws IllegalStateException with the reason as its cause, if the service failed
   * @throws InterruptedException if this thread is interrupted
   */
  void await(CompletionStage<? extends Throwable> failure) throws InterruptedException {
    CompletableFuture<Throwable> failed =
        failure
            .<Throwable>handle((reason, thrown) -> thrown == null ? reason : thrown)
            .toCompletableFuture();
    try {
      CompletableFuture.anyOf(requested, failed).get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause().getMessage(), e.getCause());
    }
    if (!requested.isDone()) {
      throw ServiceThread.failed(failed.join());
    }
  }

  /**
   * Waits for a while, or less if the process is asked to stop.
   *
   * @return whether it was
   * @throws InterruptedException if this thread is interrupted
   */
  boolean awaitFor(Duration time) throws InterruptedException {
    try {
      requested.get(time.toNanos(), TimeUnit.NANOSECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      throw new IllegalStateException("a stop signal does not fail", e);
    }
  }

  /** Says that everything has stopped; lets the process end. */
  void release() {
    released.countDown();
  }

  private void holdProcess() {
    request();
    try {
      if (!released.await(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
        System.err.println(
            "not everything has stopped within " + GRACE.toSeconds() + " s; leaving");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
