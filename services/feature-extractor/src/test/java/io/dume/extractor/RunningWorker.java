package io.dume.extractor;

import io.dume.schemas.message.Fit;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

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

  /** Fails at once if the worker has, instead of letting a test wait for what can't come. */
  ExtractorSnapshot snapshot() {
    if (ended.isCompletedExceptionally()) {
      ended.join();
    }
    return worker.snapshot();
  }

  /** The fit that it works for. */
  Optional<Fit> fit() {
    return worker.fit();
  }

  /** Waits until it ends by itself, and returns why. */
  String retirement() throws Exception {
    ended.get(60, TimeUnit.SECONDS);
    return worker.retired().orElseThrow(() -> new AssertionError("the worker was told to stop"));
  }

  boolean hasEnded() {
    return ended.isDone();
  }

  /** Waits for the end and returns what it died of. */
  Throwable failure() throws Exception {
    try {
      ended.get(60, TimeUnit.SECONDS);
      throw new AssertionError("the worker ended well");
    } catch (ExecutionException e) {
      return e.getCause();
    }
  }

  /** Stops it; fails if it had failed. */
  void stop() throws Exception {
    worker.close();
    ended.get(60, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    worker.close();
  }
}
