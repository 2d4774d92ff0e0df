package io.dume.e2e.crash;

import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Random moments of one part of a run, from a seed of its own; all end when the run does. */
final class Moments {
  private final Random random;
  private final CountDownLatch end;

  /**
   * @param seed of the run
   * @param part whose moments they are
   * @param end is counted down when the run ends early
   */
  Moments(long seed, String part, CountDownLatch end) {
    this.random = new Random(seed * 31 + part.hashCode());
    this.end = end;
  }

  /** Lets a random time pass: faults strike when they strike, and wait for nothing. */
  void pass(int fromMillis, int toMillis) throws InterruptedException {
    long millis = fromMillis + random.nextInt(toMillis - fromMillis + 1);
    if (end.await(millis, TimeUnit.MILLISECONDS)) {
      throw new CancellationException("the run has ended");
    }
  }

  boolean coin() {
    return random.nextBoolean();
  }

  Random random() {
    return random;
  }
}
