package io.dume.solver;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** EJML that counts who is open, and factors nothing before it is told to. Thread-safe. */
final class CountedLibrary {
  private final AtomicInteger opened = new AtomicInteger();
  private final AtomicInteger closed = new AtomicInteger();
  private final CountDownLatch gate = new CountDownLatch(1);
  private volatile boolean failing;

  /** In whatever profile. */
  Factorisation open(SolveProfile profile) {
    opened.incrementAndGet();
    return new Counted();
  }

  /** Lets all factor, now and from now on. */
  void release() {
    gate.countDown();
  }

  /** Whether no matrix can be factored from now on. */
  void fail(boolean fails) {
    failing = fails;
  }

  int opened() {
    return opened.get();
  }

  int closed() {
    return closed.get();
  }

  private final class Counted implements Factorisation {
    private final Factorisation ejml = new EjmlFactorisation();

    @Override
    public void begin(int n) {
      ejml.begin(n);
    }

    @Override
    public void put(int row, int column, byte[] fixed, int at, int count, double unit) {
      ejml.put(row, column, fixed, at, count, unit);
    }

    @Override
    public void put(int row, int column, double[] values, int from, int count) {
      ejml.put(row, column, values, from, count);
    }

    @Override
    public boolean factor(double lambda) {
      try {
        gate.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted at the gate", e);
      }
      return !failing && ejml.factor(lambda);
    }

    @Override
    public double smallestPivot() {
      return ejml.smallestPivot();
    }

    @Override
    public FailedPivot failedPivot() {
      return ejml.failedPivot();
    }

    @Override
    public void solve(double[] b, int columns, double[] x) {
      ejml.solve(b, columns, x);
    }

    @Override
    public void multiply(double[] w, int columns, double[] product) {
      ejml.multiply(w, columns, product);
    }

    @Override
    public void close() {
      closed.incrementAndGet();
      ejml.close();
    }
  }
}
