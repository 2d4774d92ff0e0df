package io.dume.registry;

import com.microsoft.kiota.ApiException;
import io.dume.schemas.wire.FormatUnavailableException;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.avro.AvroRuntimeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Requests to the registry, each within a time: its client has no limit of its own. One that fails
 * is logged, and a pause follows, so whoever tries again need not wait.
 */
final class RegistryCalls {
  private static final Logger LOG = LoggerFactory.getLogger(RegistryCalls.class);

  /** More than the client's own attempts take where nobody listens. */
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private static final Duration PAUSE = Duration.ofSeconds(1);

  /** Requests that hang; beyond that the registry counts as silent without asking. */
  private static final int MOST_THREADS = 8;

  private final String url;
  private final ExecutorService threads;

  RegistryCalls(String url) {
    this.url = url;
    this.threads =
        new ThreadPoolExecutor(
            0,
            MOST_THREADS,
            10,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            task -> {
              Thread thread = new Thread(task, "schema-registry");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Asks the registry.
   *
   * @param what it is asked for, for the log
   * @throws FormatUnavailableException if it does not answer, or with an error
   */
  <T> T call(String what, Callable<T> request) {
    try {
      Future<T> answer = threads.submit(request);
      try {
        return answer.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      } finally {
        answer.cancel(true);
      }
    } catch (ExecutionException e) {
      if (!fromRegistry(e) && e.getCause() instanceof RuntimeException ours) {
        throw ours;
      }
      throw unavailable(what, reason(e), e);
    } catch (TimeoutException | RejectedExecutionException e) {
      throw unavailable(what, "no answer in %d s".formatted(PATIENCE.toSeconds()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unavailable(what, "interrupted", e);
    }
  }

  /** The registry's answer that made a request fail, if it was one. */
  static Optional<Integer> status(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof ApiException answer) {
        return Optional.of(answer.getResponseStatusCode());
      }
    }
    return Optional.empty();
  }

  private static boolean fromRegistry(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof AvroRuntimeException) {
        // It did answer, with what is no Avro schema; below that is an IOException of the parser.
        return false;
      }
      if (cause instanceof ApiException || cause instanceof IOException) {
        return true;
      }
    }
    return false;
  }

  private static String reason(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String name = root.getClass().getSimpleName();
    String text = root.getMessage() == null ? name : name + ": " + root.getMessage();
    return status(e).map(code -> "status " + code).orElse(text);
  }

  private FormatUnavailableException unavailable(String what, String reason, Throwable cause) {
    String problem =
        "%s failed at the schema registry %s: %s; nothing is lost, it is tried again until the registry answers"
            .formatted(what, url, reason);
    LOG.warn("{}", problem);
    try {
      new CountDownLatch(1).await(PAUSE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return new FormatUnavailableException(problem, cause);
  }
}
