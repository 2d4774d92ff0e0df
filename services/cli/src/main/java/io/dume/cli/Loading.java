package io.dume.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Things that take seconds to open, opened one after the other on a thread of their own. Closing
 * closes those that are open and waits for none: what is still on its way is closed on arrival, and
 * none after it is begun.
 *
 * @param <T> what is opened
 */
final class Loading<T extends AutoCloseable> {

  private final Callable<T> opener;
  private final int count;
  private final FutureTask<List<T>> task = new FutureTask<>(this::openAll);
  private final List<T> opened = new ArrayList<>();
  private boolean closed;

  private Loading(int count, Callable<T> opener) {
    this.opener = opener;
    this.count = count;
  }

  /**
   * Begins.
   *
   * @param name the thread's
   * @param count how often the opener is called
   */
  static <T extends AutoCloseable> Loading<T> start(String name, int count, Callable<T> opener) {
    Loading<T> loading = new Loading<>(count, opener);
    Thread thread = new Thread(loading.task, name);
    // A process whose start has failed ends without it.
    thread.setDaemon(true);
    thread.start();
    return loading;
  }

  private List<T> openAll() throws Exception {
    for (int i = 0; i < count; i++) {
      requireOpen();
      keep(opener.call());
    }
    synchronized (this) {
      requireOpen();
      return List.copyOf(opened);
    }
  }

  private synchronized void requireOpen() {
    if (closed) {
      throw new CancellationException("closed while it loaded");
    }
  }

  private void keep(T arrived) throws Exception {
    synchronized (this) {
      if (!closed) {
        opened.add(arrived);
        return;
      }
    }
    arrived.close();
  }

  /**
   * Waits for all of them, which stay this object's to close.
   *
   * @throws Exception that the opener threw
   */
  List<T> await() throws Exception {
    try {
      return task.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw e;
    }
  }

  /**
   * Closes what is open, and does not wait for what is not.
   *
   * @throws Exception the first that one of them threw
   */
  void close() throws Exception {
    List<T> toClose;
    synchronized (this) {
      closed = true;
      toClose = List.copyOf(opened);
      opened.clear();
    }
    Exception first = null;
    for (T each : toClose) {
      try {
        each.close();
      } catch (Exception e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
