package io.dume.extractor;

import java.time.Clock;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** A worker on a thread of its own. */
final class RunningWorker implements AutoCloseable {
  private final FeatureExtractor worker;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();

  private RunningWorker(FeatureExtractor worker) {
    this.worker = worker;
  }

  static RunningWorker start(FeatureExtractorConfig config, ExtractionModel model) {
    RunningWorker running =
        new RunningWorker(new FeatureExtractor(config, model, Clock.systemUTC()));
    new Thread(running::run, config.instance()).start();
    return running;
  }

  private void run() {
    try {
      worker.run();
      ended.complete(null);
    } catch (Throwable e) {
      ended.completeExceptionally(e);
    }
  }

  ExtractorSnapshot snapshot() {
    return worker.snapshot();
  }

  boolean hasEnded() {
    return ended.isDone();
  }

  /** Waits for the end and returns what it died of. */
  Throwable failure() {
    try {
      ended.join();
      throw new AssertionError("the worker ended well");
    } catch (CompletionException e) {
      return e.getCause();
    }
  }

  /** Stops it; fails if it had failed. */
  void stop() {
    worker.close();
    ended.join();
  }

  @Override
  public void close() {
    worker.close();
  }
}
