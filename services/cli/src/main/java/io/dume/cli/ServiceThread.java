package io.dume.cli;

import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a blocking service on a thread of its own and keeps what it ended with. */
final class ServiceThread {

  private static final Logger LOG = LoggerFactory.getLogger(ServiceThread.class);

  /** A service that works until it is told to stop. */
  @FunctionalInterface
  interface Service {
    /**
     * @throws Exception if the service can't go on
     */
    void run() throws Exception;
  }

  private final Thread thread;
  private final CompletableFuture<Throwable> failure = new CompletableFuture<>();

  private ServiceThread(String name, Service service) {
    this.thread = new Thread(() -> run(name, service), name);
  }

  /** Starts a service. */
  static ServiceThread start(String name, Service service) {
    ServiceThread started = new ServiceThread(name, service);
    started.thread.start();
    return started;
  }

  // Whatever ends a service must reach the one who waits for it, errors of the JVM too.
  private void run(String name, Service service) {
    try {
      service.run();
    } catch (Throwable e) {
      LOG.debug("{} ended", name, e);
      failure.complete(e);
    }
  }

  /** Completes, with the reason, if the service ended by a failure; never otherwise. */
  CompletableFuture<Throwable> failure() {
    return failure;
  }

  /**
   * Does nothing unless the service has failed.
   *
   * @throws IllegalStateException with the reason
   */
  void requireWell() {
    if (failure.isDone()) {
      throw failed(failure.join());
    }
  }

  /** A service's failure for the one who waited for it; errors of the JVM often have no message. */
  static IllegalStateException failed(Throwable reason) {
    return new IllegalStateException(
        reason.getMessage() == null ? reason.toString() : reason.getMessage(), reason);
  }

  /** Waits until the service, which was told to stop, has ended. */
  void join() {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
