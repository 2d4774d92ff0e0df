package io.dume.registry;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** So many at once, and then so many a second. Thread-safe. */
final class Pace {
  private static final int AT_ONCE = 100;
  private static final int A_SECOND = 100;
  private static final long INTERVAL = TimeUnit.SECONDS.toNanos(1) / A_SECOND;

  // Each takes one interval; what is not taken is saved up to AT_ONCE of them.
  private long next = System.nanoTime() - AT_ONCE * INTERVAL;

  /** Waits for the turn, or returns at once where the thread is interrupted. */
  void await() {
    long wait;
    synchronized (this) {
      long now = System.nanoTime();
      next = Math.max(next, now - AT_ONCE * INTERVAL) + INTERVAL;
      wait = next - now;
    }
    if (wait > 0) {
      try {
        new CountDownLatch(1).await(wait, TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
