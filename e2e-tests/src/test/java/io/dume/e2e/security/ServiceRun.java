package io.dume.e2e.security;

import io.dume.cli.DumeCli;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** One {@code dume} command in this process that is to end by itself, or is stopped. */
final class ServiceRun implements AutoCloseable {

  private static final Duration STOP = Duration.ofSeconds(60);

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final CompletableFuture<Integer> status = new CompletableFuture<>();
  private final List<String> arguments;
  private final DumeCli cli;

  private ServiceRun(List<String> arguments) {
    this.arguments = arguments;
    this.cli = new DumeCli(Map.of(), new PrintWriter(out), new PrintWriter(err));
  }

  static ServiceRun start(List<String> arguments) {
    ServiceRun run = new ServiceRun(arguments);
    Thread thread = new Thread(run::execute, "test-dume-" + arguments.get(0));
    thread.setDaemon(true);
    thread.start();
    return run;
  }

  private void execute() {
    try {
      status.complete(cli.run(arguments.toArray(String[]::new)));
    } catch (RuntimeException | Error e) {
      status.completeExceptionally(e);
    }
  }

  /** Waits for its end and returns the exit status; one that goes on is stopped and fails. */
  int await(Duration limit) {
    try {
      return status.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      stop();
      throw new AssertionError(this + " goes on after " + limit, e);
    } catch (ExecutionException e) {
      throw new AssertionError(this + " threw", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  /** Asks it to end, as Ctrl-C does, and waits. */
  int stop() {
    cli.stop();
    try {
      return status.get(STOP.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      throw new AssertionError(this + " does not stop", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  String out() {
    return out.toString();
  }

  String err() {
    return err.toString();
  }

  @Override
  public void close() {
    if (!status.isDone()) {
      stop();
    }
  }

  /** For the description of an assertion. */
  @Override
  public String toString() {
    return "dume %s%n%s%n%s".formatted(String.join(" ", arguments), out, err);
  }
}
